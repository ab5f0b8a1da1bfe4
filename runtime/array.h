// A typed array: dtype and axes in the type, extents of symbolic axes in the value.
//
// Invariant: an owning array is row-major and 64-byte aligned; a borrowed one has the user's strides. A copy always
// owns its elements; a move keeps whatever the source was and leaves it without memory. Read
// tests/runtime/array_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <initializer_list>
#include <ostream>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "heed/runtime/error.h"
#include "heed/runtime/print.h"
#include "heed/runtime/typed.h"
#include "heed/runtime/view.h"

namespace heed {

/// Array<f32, Batch, Seq, Depth>; Array<const f32, ...> reads memory that must not be written.
template <class D, Axis... Axes>
class Array {
  static_assert(ElementRules<std::remove_const_t<D>>::told);
  static_assert(sizeof...(Axes) <= abi::max_rank, "heed: an array has at most 8 axes");
  static_assert(sizeof...(Axes) > abi::max_rank || distinct_names<Axes...>,
                "heed: Array<T, Axes...>: two axes of one name in one array");

 public:
  using element = element_of<D>;
  using value_type = std::remove_const_t<element>;
  static constexpr int rank = sizeof...(Axes);
  static constexpr int symbolic = (0 + ... + (Axes::extent < 0 ? 1 : 0));

  /// One number per axis, or one per symbolic axis, outermost first.
  struct Extents {
    std::array<std::int64_t, rank> values;

    template <std::integral... N>
    constexpr Extents(N... given) {
      static_assert(sizeof...(N) == rank || sizeof...(N) == symbolic,
                    "heed: give one extent per axis, or one per symbolic axis");
      const std::array<std::int64_t, sizeof...(N)> list{static_cast<std::int64_t>(given)...};
      std::size_t axis = 0, next = 0;
      ((values[axis] = sizeof...(N) == rank || Axes::extent < 0 ? list[next++] : Axes::extent, ++axis), ...);
      axis = 0;
      (require<Axes>(values[axis++]), ...);
    }
    explicit Extents(std::span<const std::int64_t> given) { std::copy_n(given.begin(), rank, values.begin()); }

   private:
    template <class A>
    static constexpr void require(std::int64_t extent) {
      if (A::extent >= 0 && extent != A::extent)
        throw Error("extent mismatch on axis " + std::string(A::name.view()), std::to_string(extent) + " given",
                    "the type fixes it to " + std::to_string(A::extent), "give the extents of symbolic axes only");
    }
  };
  /// One number per axis, in elements.
  struct Strides {
    std::array<std::int64_t, rank> values;
    template <std::integral... N>
    requires(sizeof...(N) == rank) constexpr Strides(N... given) : values{static_cast<std::int64_t>(given)...} {}
    explicit constexpr Strides(const std::array<std::int64_t, rank>& values) : values(values) {}
  };

  /// Symbolic axes have extent 0; without any, all elements are there and zero.
  Array() : Array(defaultExtents()) {}
  /// Zero everywhere.
  explicit Array(Extents extents) : Array(uninitialized(extents)) { fill(value_type{}); }
  template <std::integral... N>
  requires(sizeof...(N) > 0) explicit Array(N... extents) : Array(Extents(extents...)) {}
  template <class... N>
  requires((std::is_arithmetic_v<N> && ...) && (std::floating_point<N> || ...)) explicit Array(N...) : Array() {
    constexpr bool integers = !(std::floating_point<N> || ...);
    static_assert(integers, "heed: Array(extents...): an extent is an integer; values stand in {}");
  }
  /// Row-major values; as many as the extents say.
  Array(Extents extents, std::initializer_list<value_type> values) : Array(uninitialized(extents)) { take(values); }
  /// Row-major values; the one symbolic axis, if there is one, gets the extent that fits.
  Array(std::initializer_list<value_type> values) : Array(uninitialized(fitting(values.size()))) {
    static_assert(
        symbolic <= 1,
        "heed: values alone do not tell the extents of several symbolic axes; write Array({extents}, {values})");
    take(values);
  }

  Array(const Array& other) : Array(uninitialized(Extents(other.view().extents()))) {
    copyElements(other.view(), view());
  }
  /// Another order of axes is asked for by reordered().
  template <class E, Axis... Other>
  requires(!std::is_same_v<std::remove_const_t<D>, std::remove_const_t<E>> ||
           !std::is_same_v<void(Axes...), void(Other...)>) Array(const Array<E, Other...>& other)
      : Array() {
    constexpr bool element = dtype_of<D> == dtype_of<E>, axes = std::is_same_v<void(Axes...), void(Other...)>;
    static_assert(element, "heed: an Array of another element type is expected here");
    static_assert(!element || axes,
                  "heed: an Array of other axes is expected here; reordered<Axes...>() sets their order");
  }
  Array(Array&& other) noexcept : any_(std::exchange(other.any_, nothing())) {}
  /// Replaces this array as a whole; assign() writes into the memory it has.
  Array& operator=(Array other) noexcept {
    std::swap(any_, other.any_);
    return *this;
  }

  /// Memory whose contents are undefined.
  static Array uninitialized(Extents extents) { return Array(AnyArray(dtype_of<D>, extents.values)); }
  /// A view of the user's row-major memory, which must outlive it.
  static Array borrow(element* data, Extents extents) { return Array(viewOf(data, extents)); }
  template <class P>
  requires(!std::is_convertible_v<P*, element*>) static Array borrow(P*, Extents, auto&&...) {
    static_assert(std::is_convertible_v<P*, element*>,
                  "heed: borrow(data, extents): data points to another type; const data takes Array<const T, Axes...>");
    return Array();
  }
  /// The same with strides of the user's.
  static Array borrow(element* data, Extents extents, Strides strides) {
    ArrayView view = viewOf(data, extents);
    std::copy(strides.values.begin(), strides.values.end(), view.strides);
    return Array(view);
  }
  /// The same for memory whose axes lie in another order, outermost first:
  /// Array<f32, Batch, Heads, Seq, Depth>::borrow<Batch, Seq, Heads, Depth>(data, {batch, heads, seq, depth}).
  template <Axis... Order>
  requires(sizeof...(Order) > 0) static Array borrow(element* data, Extents extents) {
    static_assert(same_axes<Array<D, Axes...>, Array<D, Order...>>, "heed: borrow<Axes...>: name each axis once");
    ArrayView view = viewOf(data, extents);
    std::int64_t stride = 1;
    const int order[] = {index_in<Order, Axes...>...};
    for (int i = rank - 1; i >= 0; --i) {
      view.strides[order[i]] = stride;
      stride *= std::max<std::int64_t>(view.sizes[order[i]], 1);
    }
    return Array(view);
  }
  /// Takes an untyped array, sharing its memory. Throws heed::Error if dtype, rank or a fixed extent differ.
  static Array from(AnyArray any) {
    requireType(any.view);
    return Array(std::move(any));
  }

  /// The same elements under another order of axes; shares the memory.
  template <Axis... Order>
  Array<D, Order...> reordered() const {
    static_assert(same_axes<Array<D, Axes...>, Array<D, Order...>>, "heed: reordered<Axes...>: name each axis once");
    AnyArray other = any_;
    const int order[] = {index_in<Order, Axes...>..., 0};
    for (int i = 0; i < rank; ++i) {
      other.view.sizes[i] = any_.view.sizes[order[i]];
      other.view.strides[i] = any_.view.strides[order[i]];
    }
    return Array<D, Order...>::from(std::move(other));
  }
  /// The same elements, read-only; shares the memory.
  Array<const D, Axes...> readonly() const { return Array<const D, Axes...>::from(any_); }
  operator Array<const D, Axes...>() const requires(!std::is_const_v<D>) { return readonly(); }

  /// An owning row-major copy, also of a view that is a temporary.
  Array copy() const { return Array(*this); }

  template <Axis A>
  std::int64_t extent() const {
    static_assert(one_of<A, Axes...>, "heed: extent<Axis>(): the array has no such axis");
    if constexpr (one_of<A, Axes...>)
      return view().sizes[index_in<A, Axes...>];
    else
      return 0;
  }
  template <Axis A>
  std::int64_t stride() const {
    static_assert(one_of<A, Axes...>, "heed: stride<Axis>(): the array has no such axis");
    if constexpr (one_of<A, Axes...>)
      return view().strides[index_in<A, Axes...>];
    else
      return 0;
  }
  std::int64_t size() const { return view().size(); }
  bool empty() const { return view().empty(); }
  bool contiguous() const { return view().contiguous(); }

  element* data() { return static_cast<element*>(view().data); }
  const element* data() const { return static_cast<const element*>(view().data); }

  /// One index per axis; checked in debug builds only.
  template <std::integral... I>
  element& operator()(I... i) {
    return data()[offset(i...)];
  }
  template <std::integral... I>
  const element& operator()(I... i) const {
    return data()[offset(i...)];
  }
  /// The same; throws heed::Error outside of the extents.
  template <std::integral... I>
  element& at(I... i) {
    check(i...);
    return (*this)(i...);
  }
  template <std::integral... I>
  const element& at(I... i) const {
    check(i...);
    return (*this)(i...);
  }

  /// All elements in row-major order; throws heed::Error unless contiguous().
  std::span<element> span() { return {data(), spanSize()}; }
  std::span<const element> span() const { return {data(), spanSize()}; }

  /// fill(0.f), or fill([](auto i, auto j) { return i + j; }) with one index per axis.
  template <class V>
  void fill(V&& value) {
    auto* elements = static_cast<value_type*>(view().data);
    constexpr bool constant = std::is_convertible_v<V, value_type>;
    if constexpr (constant)
      if (contiguous()) {
        std::fill_n(elements, size(), static_cast<value_type>(value));
        return;
      }
    if (empty()) return;
    std::array<std::int64_t, rank> index{};
    do {
      if constexpr (constant)
        elements[dot(index)] = static_cast<value_type>(value);
      else
        elements[dot(index)] = static_cast<value_type>(std::apply(value, index));
    } while (advance(index));
  }
  /// Copies the elements of an array of the same extents into this one's memory.
  void assign(const Array<const D, Axes...>& from) requires(!std::is_const_v<D>) {
    const ArrayView other = from.view();
    for (int i = 0; i < rank; ++i)
      if (other.sizes[i] != view().sizes[i])
        throw Error("extent mismatch on axis " + axisSpecs()[i].name,
                    "assign() from " + std::to_string(other.sizes[i]) + " to " + std::to_string(view().sizes[i]),
                    "both arrays must have the same extents", "use = to replace the whole array");
    copyElements(other, view());
  }

  const ArrayView& view() const { return any_.view; }
  /// The view together with the owner of the memory, if it has one.
  const AnyArray& any() const { return any_; }
  static std::vector<AxisSpec> axisSpecs() { return {axisSpec<Axes>()...}; }

  friend std::ostream& operator<<(std::ostream& out, const Array& array) {
    print(out, array.view(), axisSpecs());
    return out;
  }

 private:
  explicit Array(AnyArray any) : any_(std::move(any)) {}
  explicit Array(const ArrayView& view) : any_(view) {}

  static Extents defaultExtents() {
    const std::array<std::int64_t, rank> extents{(Axes::extent < 0 ? 0 : static_cast<std::int64_t>(Axes::extent))...};
    return Extents(extents);
  }
  static AnyArray nothing() {
    const std::array<std::int64_t, rank> none{};
    return ArrayView(dtype_of<D>, nullptr, none);
  }
  static ArrayView viewOf(element* data, const Extents& extents) {
    return {dtype_of<D>, const_cast<value_type*>(data), extents.values};
  }
  static Extents fitting(std::size_t count) {
    std::array<std::int64_t, rank> extents{static_cast<std::int64_t>(Axes::extent)...};
    std::int64_t fixed = 1;
    for (std::int64_t n : extents) fixed *= n < 0 ? 1 : n;
    for (std::int64_t& n : extents)
      if (n < 0) n = fixed == 0 ? 0 : static_cast<std::int64_t>(count) / fixed;
    return Extents(extents);
  }
  static void requireType(const ArrayView& view) {
    if (view.rank != rank || view.dtype != dtype_of<D>)
      throw Error("array", std::string(dtypeName(view.dtype)) + " with " + std::to_string(view.rank) + " axes",
                  toString(TensorSpec{"the type", dtype_of<D>, axisSpecs()}), "choose the array type that fits");
    int i = 0;
    const auto fixed = [&](const std::string_view axis, std::int64_t size) {
      if (size >= 0 && view.sizes[i] != size)
        throw Error("extent mismatch on axis " + std::string(axis), std::to_string(view.sizes[i]) + " given",
                    "the type fixes it to " + std::to_string(size), "choose the array type that fits");
      ++i;
    };
    (fixed(Axes::name.view(), Axes::extent), ...);
  }

  void take(std::initializer_list<value_type> values) {
    if (static_cast<std::int64_t>(values.size()) != size())
      throw Error("array", std::to_string(values.size()) + " values",
                  std::to_string(size()) + " are required, " + shape(), "give as many values as the extents say");
    std::copy(values.begin(), values.end(), const_cast<value_type*>(data()));
  }
  std::string shape() const {
    TensorSpec spec{"array", dtype_of<D>, axisSpecs()};
    for (int i = 0; i < rank; ++i) spec.axes[i].extent = view().sizes[i];
    return toString(spec);
  }
  template <class... I>
  std::int64_t offset(I... i) const {
    constexpr bool one_per_axis = sizeof...(I) == rank;
    static_assert(one_per_axis, "heed: a(i, j, ...): give one index per axis");
    const std::array<std::int64_t, rank> index{static_cast<std::int64_t>(i)...};
    for (int axis = 0; axis < rank; ++axis) assert(index[axis] >= 0 && index[axis] < view().sizes[axis]);
    return dot(index);
  }
  std::int64_t dot(const std::array<std::int64_t, rank>& index) const {
    std::int64_t at = 0;
    for (int i = 0; i < rank; ++i) at += index[i] * view().strides[i];
    return at;
  }
  bool advance(std::array<std::int64_t, rank>& index) const {
    for (int i = rank - 1; i >= 0; --i) {
      if (++index[i] < view().sizes[i]) return true;
      index[i] = 0;
    }
    return false;
  }
  template <class... I>
  void check(I... i) const {
    static_assert(sizeof...(I) == rank, "heed: a.at(i, j, ...): give one index per axis");
    const std::array<std::int64_t, rank> index{static_cast<std::int64_t>(i)...};
    for (int axis = 0; axis < rank; ++axis)
      if (index[axis] < 0 || index[axis] >= view().sizes[axis])
        throw Error("index", std::to_string(index[axis]) + " on axis " + axisSpecs()[axis].name,
                    "it must lie in 0 .. " + std::to_string(view().sizes[axis] - 1), "check the loop's bounds");
  }
  std::size_t spanSize() const {
    if (!contiguous())
      throw Error("span", "an array with strides, " + shape(), "its elements must lie row-major without a gap",
                  "copy the array first");
    return static_cast<std::size_t>(size());
  }

  AnyArray any_;

  template <class, Axis...>
  friend class Array;
};

}  // namespace heed
