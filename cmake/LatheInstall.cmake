# cmake --install and the lathe::lathe package.
