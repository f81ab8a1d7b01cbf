// Errors: few, and named by what the caller can do about them.
//
//   Result<T> holds a T or an Error. Loss, lateness and "nothing yet" are regular life and are no errors of a
//   running stream: they are counters (stats.hpp).
//
//   threads  plain values
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace glimt {

enum class ErrorKind {
  invalid_argument,  // fix the call
  unsupported,       // choose another codec, format or address
  unavailable,       // retry with back-off
  disconnected,      // open anew
  malformed,         // drop the bytes, count them
  exhausted,         // a stated bound was met; shed load
  unauthenticated,   // show the right key or user
  forbidden,         // ask with a role that may
  not_found,         // name one that is there
  already_exists,    // choose another name, or change what is there
  internal,          // our bug
};

std::string_view to_string(ErrorKind kind);

// `message` names the cure, in one line for people.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;
};

// Thrown where a constructor cannot return a Result, and by Result::value().
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool has_value() const { return state_.index() == 0; }

  // Only where has_value(); otherwise std::bad_variant_access.
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  // Only where !has_value().
  const Error& error() const { return std::get<1>(state_); }

  // The value, or throws Exception.
  T& value() & {
    if (!has_value()) throw Exception(error());
    return std::get<0>(state_);
  }
  T&& value() && {
    if (!has_value()) throw Exception(error());
    return std::get<0>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}
  explicit operator bool() const { return !failed_; }
  bool has_value() const { return !failed_; }
  const Error& error() const { return error_; }
  void value() const {
    if (failed_) throw Exception(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace glimt
