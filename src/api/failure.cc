#include "api/access.h"

namespace lathe {
namespace {

Failure::Kind kind_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return Failure::Kind::kInvalidArgument;
    case ErrorCode::kInvalidData:
      return Failure::Kind::kInvalidData;
    case ErrorCode::kNotFound:
      return Failure::Kind::kNotFound;
    case ErrorCode::kUnsupported:
      return Failure::Kind::kUnsupported;
    case ErrorCode::kResourceExhausted:
      return Failure::Kind::kResourceExhausted;
    case ErrorCode::kIo:
      return Failure::Kind::kIo;
    case ErrorCode::kUnavailable:
      return Failure::Kind::kUnavailable;
    case ErrorCode::kInterrupted:
      return Failure::Kind::kCancelled;
    case ErrorCode::kInternal:
      return Failure::Kind::kInternal;
  }
  fatal("unknown error code");
}

}  // namespace

Failure to_failure(const Error& error) { return {kind_of(error.code()), error.message()}; }

}  // namespace lathe
