#include "wire/pickle_machine.hpp"

#include <algorithm>

namespace glimt::wire {
namespace {

using Global = PickleMachine::Global;

struct NamedGlobal {
  std::string_view module, name;
  Global global;
};
// Python 3 writes its own `builtins` as `__builtin__` in protocol 2; numpy 2 renamed its `core`.
constexpr NamedGlobal kGlobals[] = {
    {"numpy.core.multiarray", "_reconstruct", Global::reconstruct},
    {"numpy._core.multiarray", "_reconstruct", Global::reconstruct},
    {"numpy", "ndarray", Global::ndarray},
    {"numpy", "dtype", Global::dtype},
    {"numpy.core.numeric", "_frombuffer", Global::from_buffer},
    {"numpy._core.numeric", "_frombuffer", Global::from_buffer},
    {"_codecs", "encode", Global::encode},
    {"__builtin__", "bytes", Global::bytes},
};

constexpr uint8_t kProto = 0x80, kStop = '.';

// What an opcode stands for that no picture has.
struct Foreign {
  std::string_view codes, what;
};
constexpr Foreign kForeign[] = {
    {"]lae", "a list"},
    {"}dsu", "a dict"},
    {"GF", "a float"},
    {"\x8f\x90\x91", "a set"},
    {"io\x81\x92", "an object of a class"},
    {"PQ", "an object by its persistent id"},
    {"\x82\x83\x84", "an object by its extension code"},
    {"\x97\x98", "a buffer that is sent apart"},
};

std::string foreign(uint8_t code) {
  for (const auto& f : kForeign)
    if (f.codes.find(static_cast<char>(code)) != std::string_view::npos)
      return "it holds " + std::string(f.what);
  constexpr std::string_view kHex = "0123456789abcdef";
  return std::string("it has the opcode 0x") + kHex[code >> 4] + kHex[code & 15] + ", which no picture needs";
}

}  // namespace

std::string printable_name(std::string_view text) {
  std::string name(text.substr(0, 80));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

Error PickleMachine::refusal(const std::string& why) {
  return {ErrorKind::malformed, "pickle refused, nothing of it was run: " + why};
}

std::string_view PickleMachine::name_of(Tag tag) {
  constexpr std::string_view kNames[] = {"None",        "True or False", "a number", "bytes",
                                         "a bytearray", "bytes",         "text",     "a tuple",
                                         "a name",      "a data type",   "an array", "a mark"};
  return kNames[static_cast<size_t>(tag)];
}

const PickleMachine::Opcode PickleMachine::kOpcodes[] = {
    {0x95, &PickleMachine::frame, 0},      {'N', &PickleMachine::none, 0},
    {0x89, &PickleMachine::boolean, 0},    {0x88, &PickleMachine::boolean, 1},
    {'K', &PickleMachine::integer, 1},     {'M', &PickleMachine::integer, 2},
    {'J', &PickleMachine::integer, 4},     {0x8a, &PickleMachine::long_integer, 0},
    {'C', &PickleMachine::bytes, 1},       {'B', &PickleMachine::bytes, 4},
    {0x8e, &PickleMachine::bytes, 8},      {0x96, &PickleMachine::byte_array, 8},
    {0x8c, &PickleMachine::text, 1},       {'X', &PickleMachine::text, 4},
    {'(', &PickleMachine::mark, 0},        {')', &PickleMachine::tuple, 0},
    {0x85, &PickleMachine::tuple, 1},      {0x86, &PickleMachine::tuple, 2},
    {0x87, &PickleMachine::tuple, 3},      {'t', &PickleMachine::tuple_since_mark, 0},
    {'c', &PickleMachine::global_line, 0}, {0x93, &PickleMachine::global_of_stack, 0},
    {0x94, &PickleMachine::memoize, 0},    {'q', &PickleMachine::put, 1},
    {'r', &PickleMachine::put, 4},         {'h', &PickleMachine::get, 1},
    {'j', &PickleMachine::get, 4},         {'R', &PickleMachine::reduce, 0},
    {'b', &PickleMachine::build, 0},
};

Result<PickleMachine::Value> PickleMachine::run() {
  const uint8_t begin = in_.u8(), protocol = in_.u8();
  if (!in_.ok() || begin != kProto || protocol < 2 || protocol > 5)
    return refusal("it does not begin as protocols 2 to 5 do");
  for (size_t opcodes = 0; opcodes < kMaxOpcodes; ++opcodes) {
    const uint8_t code = in_.u8();
    if (!in_.ok()) return refusal("it is cut short");
    if (code == kStop) {
      if (in_.left() > 0) return refusal("bytes stand behind its end");
      if (depth_ != 1) return refusal("it does not end with one value");
      return stack_[0];
    }
    const bool went_well = step(code);
    if (!in_.ok()) return refusal("it is cut short");
    if (!went_well) return refusal(why_);
  }
  return refusal("it has more opcodes than any picture");
}

bool PickleMachine::step(uint8_t code) {
  for (const auto& opcode : kOpcodes)
    if (opcode.code == code) return (this->*opcode.step)(opcode.operand);
  return fail(foreign(code));
}

bool PickleMachine::fail(std::string why) {
  why_ = std::move(why);
  return false;
}

bool PickleMachine::push(Value value) {
  if (depth_ == kMaxStack) return fail("it is nested deeper than any picture");
  stack_[depth_++] = value;
  return true;
}

std::optional<PickleMachine::Value> PickleMachine::pop() {
  if (depth_ == 0 || stack_[depth_ - 1].tag == Tag::mark) {
    fail("it takes a value that is not there");
    return std::nullopt;
  }
  return stack_[--depth_];
}

uint64_t PickleMachine::unsigned_integer(size_t width) {
  switch (width) {
    case 1:
      return in_.u8();
    case 2:
      return in_.u16();
    case 4:
      return in_.u32();
    default:
      return in_.u64();
  }
}

Bytes PickleMachine::counted(size_t length_width) { return in_.take(unsigned_integer(length_width)); }

// A frame says how much may be read at once; all of it is here already.
bool PickleMachine::frame(size_t) { return in_.u64() <= in_.left() || fail("it is cut short"); }

bool PickleMachine::none(size_t) { return push({}); }

bool PickleMachine::boolean(size_t value) {
  Value v = make(Tag::boolean);
  v.integer = static_cast<int64_t>(value);
  return push(v);
}

bool PickleMachine::integer(size_t width) {
  Value v = make(Tag::integer);
  const uint64_t bits = unsigned_integer(width);
  v.integer = width == 4 ? static_cast<int32_t>(bits) : static_cast<int64_t>(bits);
  return push(v);
}

bool PickleMachine::long_integer(size_t) {
  const Bytes digits = counted(1);
  if (digits.size() > 8) return fail("it has a number beyond 64 bits");
  uint64_t bits = !digits.empty() && digits.back() & 0x80 ? ~uint64_t{0} : 0;
  for (size_t i = digits.size(); i-- > 0;) bits = bits << 8 | digits[i];
  Value v = make(Tag::integer);
  v.integer = static_cast<int64_t>(bits);
  return push(v);
}

bool PickleMachine::bytes(size_t length_width) {
  Value v = make(Tag::bytes);
  v.bytes = counted(length_width);
  return push(v);
}

bool PickleMachine::byte_array(size_t length_width) {
  Value v = make(Tag::byte_array);
  v.bytes = counted(length_width);
  return push(v);
}

bool PickleMachine::text(size_t length_width) {
  Value v = make(Tag::text);
  v.bytes = counted(length_width);
  return push(v);
}

bool PickleMachine::mark(size_t) { return push(make(Tag::mark)); }

bool PickleMachine::tuple(size_t count) {
  if (item_count_ + count > kMaxItems) return fail("it has more tuples than any picture");
  Value v = make(Tag::tuple);
  v.first = static_cast<uint16_t>(item_count_);
  v.count = static_cast<uint16_t>(count);
  for (size_t i = count; i-- > 0;) {
    const auto item = pop();
    if (!item) return false;
    items_[item_count_ + i] = *item;
  }
  item_count_ += count;
  return push(v);
}

bool PickleMachine::tuple_since_mark(size_t) {
  size_t count = 0;
  while (count < depth_ && stack_[depth_ - 1 - count].tag != Tag::mark) ++count;
  if (count == depth_) return fail("it has the end of a tuple without its beginning");
  std::rotate(stack_.begin() + (depth_ - 1 - count), stack_.begin() + (depth_ - count),
              stack_.begin() + depth_);
  --depth_;  // the mark, which is on top now
  return tuple(count);
}

Bytes PickleMachine::line() {
  ByteReader ahead = in_;
  const Bytes rest = ahead.rest();
  const auto end = std::find(rest.begin(), rest.end(), '\n');
  const size_t length = static_cast<size_t>(end - rest.begin());
  const Bytes text = in_.take(length);
  in_.take(1);
  return text;
}

bool PickleMachine::global_line(size_t) {
  const Bytes module = line(), name = line();
  return in_.ok() && push_global(as_text(module), as_text(name));
}

bool PickleMachine::global_of_stack(size_t) {
  const auto name = pop(), module = name ? pop() : std::nullopt;
  if (!module) return false;
  if (name->tag != Tag::text || module->tag != Tag::text)
    return fail("it names something by what is not text");
  return push_global(as_text(module->bytes), as_text(name->bytes));
}

bool PickleMachine::push_global(std::string_view module, std::string_view name) {
  for (const auto& known : kGlobals) {
    if (known.module != module || known.name != name) continue;
    Value v = make(Tag::global);
    v.global = known.global;
    return push(v);
  }
  // Cut before it is joined: either may be as long as the pickle.
  const std::string whole = std::string(module.substr(0, 80)) + '.' + std::string(name.substr(0, 80));
  return fail("it names '" + printable_name(whole) + "', which no picture needs");
}

bool PickleMachine::remember(uint64_t index) {
  if (depth_ == 0 || stack_[depth_ - 1].tag == Tag::mark) return fail("it keeps a value that is not there");
  if (index >= kMaxMemo) return fail("it keeps more values than any picture");
  if (!memo_[index]) ++memo_count_;
  memo_[index] = stack_[depth_ - 1];
  return true;
}

bool PickleMachine::memoize(size_t) { return remember(memo_count_); }

bool PickleMachine::put(size_t index_width) { return remember(unsigned_integer(index_width)); }

bool PickleMachine::get(size_t index_width) {
  const uint64_t index = unsigned_integer(index_width);
  if (index >= kMaxMemo || !memo_[index]) return fail("it repeats a value that it did not keep");
  return push(*memo_[index]);
}

bool PickleMachine::reduce(size_t) {
  const auto arguments = pop(), callee = arguments ? pop() : std::nullopt;
  if (!callee) return false;
  if (callee->tag != Tag::global || arguments->tag != Tag::tuple) return fail("it calls what is no name");
  return call(callee->global, *arguments);
}

bool PickleMachine::build(size_t) {
  const auto state = pop();
  if (!state) return false;
  if (depth_ == 0) return fail("it takes a value that is not there");
  Value& object = stack_[depth_ - 1];
  if (state->tag != Tag::tuple || object.complete || (object.tag != Tag::dtype && object.tag != Tag::array))
    return fail("it gives a state to " + std::string(name_of(object.tag)) + ", as no picture needs");
  return object.tag == Tag::dtype ? build_dtype(object, *state) : build_array(object, *state);
}

}  // namespace glimt::wire
