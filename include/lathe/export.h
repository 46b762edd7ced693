// What the shared library shows to others; everything else in it is hidden.
#pragma once

#define LATHE_API __attribute__((visibility("default")))
