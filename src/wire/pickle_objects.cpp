// What the callables that the machine knows make of their arguments. Nothing is called: each is a check of what stands
// there, and a value of the machine.
#include <algorithm>

#include "wire/pickle_machine.hpp"

namespace glimt::wire {

bool PickleMachine::is_text(const Value& value, std::string_view expected) const {
  return value.tag == Tag::text && as_text(value.bytes) == expected;
}

bool PickleMachine::is_integer(const Value& value, int64_t expected) const {
  return (value.tag == Tag::integer || value.tag == Tag::boolean) && value.integer == expected;
}

bool PickleMachine::call(Global global, const Value& arguments) {
  switch (global) {
    case Global::reconstruct:
      return call_reconstruct(arguments);
    case Global::dtype:
      return call_dtype(arguments);
    case Global::from_buffer:
      return call_from_buffer(arguments);
    case Global::encode:
      return call_encode(arguments);
    case Global::bytes:
      return arguments.count == 0 ? push(make(Tag::bytes)) : fail("it makes bytes of something else");
    case Global::ndarray:
      break;
  }
  return fail("it calls numpy.ndarray, which numpy does not write");
}

// _reconstruct(ndarray, (0,), b'b'): an array that is still to get its state.
bool PickleMachine::call_reconstruct(const Value& arguments) {
  const auto fits = [&] {
    if (arguments.count != 3) return false;
    const Value& type = item(arguments, 0);
    const Value& shape = item(arguments, 1);
    const Value& kind = item(arguments, 2);
    return type.tag == Tag::global && type.global == Global::ndarray && shape.tag == Tag::tuple &&
           shape.count == 1 && is_integer(item(shape, 0), 0) &&
           (kind.tag == Tag::bytes || kind.tag == Tag::latin1) && as_text(kind.bytes) == "b";
  };
  return fits() ? push(make(Tag::array)) : fail("it is no plain array of numpy's");
}

// dtype('u1', False, True)
bool PickleMachine::call_dtype(const Value& arguments) {
  if (arguments.count != 3 || item(arguments, 0).tag != Tag::text)
    return fail("its data type is not as numpy writes it");
  const Value& type = item(arguments, 0);
  if (!is_text(type, "u1"))
    return fail("it holds an array of '" + printable_name(as_text(type.bytes)) +
                "'; a picture is of uint8 ('u1')");
  if (!is_integer(item(arguments, 1), 0) || !is_integer(item(arguments, 2), 1))
    return fail("its data type is not as numpy writes it");
  return push(make(Tag::dtype));
}

// (3, '|', None, None, None, -1, -1, 0): version, byte order, no parts, no names, no fields, size and alignment of its kind
bool PickleMachine::build_dtype(Value& dtype, const Value& state) {
  const auto is_none = [&](size_t i) { return item(state, i).tag == Tag::none; };
  dtype.complete = state.count == 8 && is_integer(item(state, 0), 3) && is_text(item(state, 1), "|") &&
                   is_none(2) && is_none(3) && is_none(4) && is_integer(item(state, 5), -1) &&
                   is_integer(item(state, 6), -1) && is_integer(item(state, 7), 0);
  return dtype.complete || fail("its data type is not plain uint8");
}

bool PickleMachine::take_shape(const Value& shape, Array& array) {
  if (shape.tag != Tag::tuple) return fail("its shape is no tuple");
  if (shape.count < 2 || shape.count > kMaxDimensions)
    return fail("it holds an array of " + std::to_string(shape.count) + " dimensions; a picture has 2 or 3");
  array.dimensions = shape.count;
  for (size_t i = 0; i < shape.count; ++i) {
    if (item(shape, i).tag != Tag::integer) return fail("its shape is not of numbers");
    array.shape[i] = item(shape, i).integer;
  }
  return true;
}

bool PickleMachine::take_axes(const Value& axes, Array& array) {
  if (axes.tag != Tag::tuple || axes.count != array.dimensions) return fail("its axes do not fit its shape");
  std::array<bool, kMaxDimensions> seen{};
  for (size_t i = 0; i < array.dimensions; ++i) {
    const Value& axis = item(axes, i);
    if (axis.tag != Tag::integer || axis.integer < 0 || axis.integer >= axes.count ||
        seen[size_t(axis.integer)])
      return fail("its axes do not fit its shape");
    array.axes[i] = static_cast<size_t>(axis.integer);
    seen[array.axes[i]] = true;
  }
  return true;
}

bool PickleMachine::complete_array(const Array& array) {
  if (has_array_) return fail("it holds more than one array");
  array_ = array;
  has_array_ = true;
  return true;
}

// (1, shape, dtype, in Fortran's order, bytes)
bool PickleMachine::build_array(Value& array, const Value& state) {
  if (state.count != 5 || !is_integer(item(state, 0), 1))
    return fail("its array's state is not as numpy writes it");
  const Value& dtype = item(state, 2);
  const Value& fortran = item(state, 3);
  const Value& pixels = item(state, 4);
  if (dtype.tag != Tag::dtype || !dtype.complete || fortran.tag != Tag::boolean)
    return fail("its array's state is not as numpy writes it");
  if (pixels.tag != Tag::bytes && pixels.tag != Tag::latin1)
    return fail("its pixels are " + std::string(name_of(pixels.tag)) + ", not bytes");
  Array made;
  made.order = fortran.integer ? 'F' : 'C';
  made.pixels = pixels;
  if (!take_shape(item(state, 1), made) || !complete_array(made)) return false;
  array.complete = true;
  return true;
}

// _frombuffer(buffer, dtype, shape, 'C' or 'F'), or with numpy 2 (…, shape in memory, 'K', axes)
bool PickleMachine::call_from_buffer(const Value& arguments) {
  if (arguments.count < 4 || arguments.count > 5) return fail("its array is not as numpy writes it");
  const Value& pixels = item(arguments, 0);
  const Value& dtype = item(arguments, 1);
  const Value& order = item(arguments, 3);
  if (pixels.tag != Tag::bytes && pixels.tag != Tag::byte_array)
    return fail("its pixels are " + std::string(name_of(pixels.tag)) + ", not bytes");
  if (dtype.tag != Tag::dtype || !dtype.complete) return fail("its array is not as numpy writes it");
  const bool exchanged = arguments.count == 5;
  if (exchanged ? !is_text(order, "K") : !is_text(order, "C") && !is_text(order, "F"))
    return fail("its pixels are in an order that numpy does not write");
  Array made;
  made.order = static_cast<char>(order.bytes[0]);
  made.pixels = pixels;
  if (!take_shape(item(arguments, 2), made)) return false;
  if (exchanged && !take_axes(item(arguments, 4), made)) return false;
  if (!complete_array(made)) return false;
  Value array = make(Tag::array);
  array.complete = true;
  return push(array);
}

// encode(text, 'latin1'): how protocol 2 writes bytes
bool PickleMachine::call_encode(const Value& arguments) {
  if (arguments.count != 2 || item(arguments, 0).tag != Tag::text || !is_text(item(arguments, 1), "latin1"))
    return fail("it encodes something other than text to latin1");
  Value bytes = make(Tag::latin1);
  bytes.bytes = item(arguments, 0).bytes;
  return push(bytes);
}

}  // namespace glimt::wire
