// Pickle machine: opcodes and values of a pickle, as far as a picture has them. A closed model: a value is one of Tag,
// a global one of Global, and what REDUCE and BUILD make of them is written here and nowhere else.
//
//   input    one whole pickle, which outlives the machine's values
//   output   the value that STOP leaves, and the array, where there is one
//   errors   malformed; the message says what was met
//   threads  thread-compatible
//   memory   fixed: kMaxStack, kMaxMemo and kMaxItems values, kMaxOpcodes steps; views into the pickle
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "glimt/error.hpp"

namespace glimt::wire {

class PickleMachine {
 public:
  enum class Tag : uint8_t {
    none,
    boolean,
    integer,
    bytes,
    byte_array,
    latin1,  // bytes that stand in the pickle as UTF-8
    text,
    tuple,
    global,
    dtype,
    array,
    mark,
  };
  enum class Global : uint8_t { reconstruct, ndarray, dtype, from_buffer, encode, bytes };

  struct Value {
    Tag tag = Tag::none;
    Global global = Global::ndarray;
    bool complete = false;          // dtype, array: BUILD was there
    uint16_t first = 0, count = 0;  // tuple: its items
    int64_t integer = 0;            // boolean, integer
    Bytes bytes;                    // bytes, byte_array; UTF-8 of latin1 and text
  };

  static constexpr size_t kMaxDimensions = 3;
  // The first (or only) array that was completed. A second is refused.
  struct Array {
    size_t dimensions = 0;
    std::array<int64_t, kMaxDimensions> shape{};  // of the memory
    char order = 'C';                             // 'C', 'F', or 'K': rows first, then axes exchanged
    std::array<size_t, kMaxDimensions>
        axes{};    // order K: which axis of the memory is the array's first, second…
    Value pixels;  // bytes, byte_array or latin1
  };

  explicit PickleMachine(Bytes pickle) : in_(pickle) {}

  Result<Value> run();
  const Array& array() const { return array_; }  // where run() gave a complete array

  static Error refusal(const std::string& why);
  // "a tuple", for people.
  static std::string_view name_of(Tag tag);

  static constexpr size_t kMaxStack = 32, kMaxMemo = 64, kMaxItems = 64, kMaxOpcodes = 256;

 private:
  struct Opcode {
    uint8_t code;
    bool (PickleMachine::*step)(size_t);
    size_t operand;
  };
  static const Opcode kOpcodes[];

  // Each takes the opcode's operand; false after fail().
  bool step(uint8_t code);
  bool frame(size_t);
  bool none(size_t);
  bool boolean(size_t value);
  bool integer(size_t width);
  bool long_integer(size_t);
  bool bytes(size_t length_width);
  bool byte_array(size_t length_width);
  bool text(size_t length_width);
  bool mark(size_t);
  bool tuple(size_t count);
  bool tuple_since_mark(size_t);
  bool global_line(size_t);
  bool global_of_stack(size_t);
  bool memoize(size_t);
  bool put(size_t index_width);
  bool get(size_t index_width);
  bool reduce(size_t);
  bool build(size_t);

  static Value make(Tag tag) {
    Value value;
    value.tag = tag;
    return value;
  }
  bool push(Value value);
  std::optional<Value> pop();
  bool push_global(std::string_view module, std::string_view name);
  bool remember(uint64_t index);
  Bytes counted(size_t length_width);
  uint64_t unsigned_integer(size_t width);
  Bytes line();
  const Value& item(const Value& tuple, size_t i) const { return items_[tuple.first + i]; }

  // pickle_objects.cpp
  bool call(Global global, const Value& arguments);
  bool call_reconstruct(const Value& arguments);
  bool call_dtype(const Value& arguments);
  bool call_from_buffer(const Value& arguments);
  bool call_encode(const Value& arguments);
  bool build_dtype(Value& dtype, const Value& state);
  bool build_array(Value& array, const Value& state);
  bool take_shape(const Value& shape, Array& array);
  bool take_axes(const Value& axes, Array& array);
  bool complete_array(const Array& array);
  bool is_text(const Value& value, std::string_view expected) const;
  bool is_integer(const Value& value, int64_t expected) const;

  bool fail(std::string why);

  ByteReader in_;
  std::array<Value, kMaxStack> stack_;
  size_t depth_ = 0;
  std::array<std::optional<Value>, kMaxMemo> memo_;
  size_t memo_count_ = 0;
  std::array<Value, kMaxItems> items_;  // of all tuples
  size_t item_count_ = 0;
  Array array_;
  bool has_array_ = false;
  std::string why_;
};

// At most 80 printable characters of what a stranger wrote.
std::string printable_name(std::string_view text);

}  // namespace glimt::wire
