// Text and reference of a kernel case.
#include "heed/tests/codegen/attention/kernel_case.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace heed::testing {

static std::string roleOf(const std::string& dim) {
  static const std::map<char, std::string> roles{
      {'o', "outer"}, {'q', "row"}, {'k', "key"}, {'d', "depth"}, {'v', "value"}};
  return roles.at(dim[0]);
}

std::vector<Operand> KernelCase::operands() const {
  std::vector<Operand> all;
  for (auto& group : similar) all.insert(all.end(), group.begin(), group.end());
  all.insert(all.end(), captures.begin(), captures.end());
  all.push_back(value);
  Operand rows;
  for (auto& dim : out.dims)
    if (dim[0] != 'v') rows.dims.push_back(dim);
  if (start) all.insert(all.end(), {rows, rows, out});
  all.push_back(out);
  if (lse) all.push_back(rows);
  return all;
}

std::vector<std::string> KernelCase::dims() const {
  std::vector<std::string> names;
  for (auto& operand : operands())
    for (auto& dim : operand.dims)
      if (std::find(names.begin(), names.end(), dim) == names.end()) names.push_back(dim);
  return names;
}

std::string KernelCase::text() const {
  std::vector<std::string> names = dims();
  std::vector<Operand> all = operands();
  auto position = [&](const std::string& dim) { return std::find(names.begin(), names.end(), dim) - names.begin(); };
  auto typeOf = [&](const Operand& x) {
    std::string sizes, strides;
    for (std::size_t n = 0; n < x.dims.size(); ++n) {
      auto extent = known.find(x.dims[n]);
      sizes += extent == known.end() ? "?x" : std::to_string(extent->second) + "x";
      strides += n + 1 == x.dims.size() ? "1" : "?, ";
    }
    return "memref<" + sizes + x.type + ", strided<[" + strides + "], offset: ?>>";
  };
  // %i(name) becomes an index op of its own at the head of the region.
  auto region = [&](const std::string& body, const std::vector<std::string>& types) {
    if (body.empty()) return std::string("{}");
    std::ostringstream out;
    out << "{\n^bb0(";
    for (std::size_t n = 0; n < types.size(); ++n) out << (n ? ", " : "") << "%a" << n << ": " << types[n];
    out << "):\n";
    std::string text = body;
    for (auto& name : names) {
      std::string spelled = "%i(" + name + ")";
      for (std::size_t at; (at = text.find(spelled)) != std::string::npos;)
        text.replace(at, spelled.size(), "%i_" + name);
      if (text.find("%i_" + name) != std::string::npos)
        out << "  %i_" << name << " = tile.index " << position(name) << " : index\n";
    }
    out << text << "\n}";
    return out.str();
  };
  std::ostringstream out;
  out << "func.func @kernel(";
  for (std::size_t n = 0; n < all.size(); ++n) out << (n ? ", " : "") << "%m" << n << ": " << typeOf(all[n]);
  out << ") {\n\"tile.attention\"(";
  for (std::size_t n = 0; n < all.size(); ++n) out << (n ? ", " : "") << "%m" << n;
  std::size_t similars = 0;
  std::string owners;
  for (std::size_t s = 0; s < similar.size(); ++s)
    for (std::size_t n = 0; n < similar[s].size(); ++n, ++similars)
      owners += (owners.empty() ? ": " : ", ") + std::to_string(s);
  out << ") <{similarity = array<i64" << owners << ">, roles = [";
  for (std::size_t n = 0; n < names.size(); ++n) out << (n ? ", " : "") << '"' << roleOf(names[n]) << '"';
  out << "], indexing_maps = [";
  for (std::size_t n = 0; n < all.size(); ++n) {
    out << (n ? ", " : "") << "affine_map<(";
    for (std::size_t d = 0; d < names.size(); ++d) out << (d ? ", " : "") << "d" << d;
    out << ") -> (";
    for (std::size_t d = 0; d < all[n].dims.size(); ++d) out << (d ? ", " : "") << "d" << position(all[n].dims[d]);
    out << ")>";
  }
  out << "], operandSegmentSizes = array<i32: " << similars << ", " << captures.size() << ", 1, " << (start ? 3 : 0)
      << ", 1, " << lse << ">}> (";
  std::vector<std::string> captured, scores(similar.size(), "f32"), weighed{"f32"}, bounds(4, "index");
  for (auto& x : captures) {
    captured.push_back(x.type);
    bounds.insert(bounds.end(), {x.type, x.type});
  }
  scores.insert(scores.end(), captured.begin(), captured.end());
  weighed.insert(weighed.end(), captured.begin(), captured.end());
  out << region(post, scores) << ", " << region(keep, captured) << ", " << region(classify, bounds) << ", "
      << region(weigh, weighed);
  for (std::size_t s = 0; s < similar.size(); ++s)
    out << ", " << region(bodies[s], std::vector<std::string>(similar[s].size(), "f32"));
  out << ") : (";
  for (std::size_t n = 0; n < all.size(); ++n) out << (n ? ", " : "") << typeOf(all[n]);
  out << ") -> ()\nreturn\n}\n";
  return out.str();
}

Data::Data(const Operand& operand, const Sizes& sizes, bool guardEnd)
    : operand_(operand),
      width_(operand.type == "i1"                              ? 1
             : operand.type == "bf16" || operand.type == "f16" ? 2
             : operand.type == "i64"                           ? 8
                                                               : 4) {
  std::size_t elements = 1;
  for (auto& dim : operand.dims) {
    extents_.push_back(sizes.at(dim));
    elements *= extents_.back();
  }
  numbers_.assign(elements, 0);
  std::vector<std::int64_t> strides(extents_.size());
  std::int64_t stride = 1;
  for (std::size_t n = extents_.size(); n-- > 0;) {
    strides[n] = stride;
    stride *= extents_[n];
    if (n + 1 == extents_.size()) stride += operand.pad;
  }
  descriptor_.assign(3, 0);
  descriptor_.insert(descriptor_.end(), extents_.begin(), extents_.end());
  descriptor_.insert(descriptor_.end(), strides.begin(), strides.end());
  bytes_ = elements ? (offset(elements - 1) + 1) * width_ : 0;
  memory_ = std::make_unique<GuardedMemory>(bytes_, guardEnd);
  descriptor_[0] = descriptor_[1] = reinterpret_cast<std::int64_t>(memory_->data());
}

std::size_t Data::offset(std::size_t n) const {
  std::size_t offset = 0;
  for (std::size_t d = extents_.size(); d-- > 0; n /= extents_[d])
    offset += n % extents_[d] * descriptor_[3 + extents_.size() + d];
  return offset;
}

std::size_t Data::index(const Sizes& at) const {
  std::size_t n = 0;
  for (std::size_t d = 0; d < extents_.size(); ++d) n = n * extents_[d] + at.at(operand_.dims[d]);
  return n;
}

void Data::set(std::size_t n, double x) {
  char* where = static_cast<char*>(memory_->data()) + offset(n) * width_;
  auto put = [&](auto typed) {
    std::memcpy(where, &typed, sizeof typed);
    numbers_[n] = double(typed);
  };
  if (operand_.type == "f32") put(float(x));
  if (operand_.type == "f16") put(_Float16(x));
  if (operand_.type == "bf16") {  // to the nearest, ties to even
    float single = float(x);
    std::uint32_t bits;
    std::memcpy(&bits, &single, 4);
    bits = std::isnan(single) ? 0x7fc00000 : (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    std::memcpy(where, reinterpret_cast<char*>(&bits) + 2, 2);
    std::memcpy(&single, &bits, 4);
    numbers_[n] = single;
  }
  if (operand_.type == "i32") put(std::int32_t(x));
  if (operand_.type == "i64") put(std::int64_t(x));
  if (operand_.type == "i1") put(std::uint8_t(x != 0));
}

void Data::load() {
  for (std::size_t n = 0; n < numbers_.size(); ++n) {
    const char* where = static_cast<const char*>(memory_->data()) + offset(n) * width_;
    std::uint32_t bits = 0;
    _Float16 half;
    if (operand_.type == "f16") {
      std::memcpy(&half, where, 2);
      numbers_[n] = double(half);
      continue;
    }
    std::memcpy(reinterpret_cast<char*>(&bits) + 4 - width_, where, width_);
    float single;
    std::memcpy(&single, &bits, 4);
    numbers_[n] = single;
  }
}

std::vector<std::int64_t> Data::distances(const std::vector<std::string>& names) const {
  std::vector<std::int64_t> distances(names.size());
  std::int64_t distance = 1;
  for (std::size_t d = extents_.size(); d-- > 0; distance *= extents_[d])
    distances[std::find(names.begin(), names.end(), operand_.dims[d]) - names.begin()] = distance;
  return distances;
}

namespace {

/// The kernel's dims as numbers, and the element of an operand at a position.
struct Space {
  std::vector<std::string> names;
  std::vector<std::int64_t> extents, at;

  std::vector<std::size_t> where(const std::function<bool(const std::string&)>& wanted) const {
    std::vector<std::size_t> dims;
    for (std::size_t d = 0; d < names.size(); ++d)
      if (wanted(names[d])) dims.push_back(d);
    return dims;
  }
  /// Visits all positions along `dims`.
  template <class Visit>
  void each(const std::vector<std::size_t>& dims, const Visit& visit, std::size_t first = 0) {
    if (first == dims.size()) return visit();
    for (at[dims[first]] = 0; at[dims[first]] < extents[dims[first]]; ++at[dims[first]]) each(dims, visit, first + 1);
    at[dims[first]] = 0;
  }
};

struct Reader {
  const Numbers* numbers;
  std::vector<std::int64_t> distances;
  std::size_t index(const Space& space) const {
    std::size_t n = 0;
    for (std::size_t d = 0; d < distances.size(); ++d) n += distances[d] * space.at[d];
    return n;
  }
  double operator()(const Space& space) const { return (*numbers)[index(space)]; }
};

}  // namespace

Expected reference(const KernelCase& kernel, const Sizes& sizes, const std::vector<Data*>& data) {
  Space space{kernel.dims(), {}, {}};
  for (auto& name : space.names) space.extents.push_back(sizes.at(name));
  space.at.assign(space.names.size(), 0);
  std::vector<Reader> read;
  for (Data* x : data) read.push_back({&x->numbers(), x->distances(space.names)});

  std::size_t similars = 0;
  for (auto& group : kernel.similar) similars += group.size();
  std::size_t captures = kernel.captures.size(), rest = similars + captures;
  const Reader &value = read[rest], &out = read[rest + (kernel.start ? 4 : 1)];
  const Reader *m = kernel.start ? &read[rest + 1] : nullptr, *l = m + 1, *o = m + 2;

  std::vector<std::size_t> valueDims = space.where([](auto&dim) { return dim[0] == 'v'; }), rowDims;
  for (auto& dim : kernel.out.dims)  // lse lies in the order of out
    if (dim[0] != 'v') rowDims.push_back(space.where([&](auto& name) { return name == dim; })[0]);
  std::size_t row = space.where([](auto& dim) { return dim[0] == 'q'; })[0];
  std::size_t key = space.where([](auto& dim) { return dim[0] == 'k'; })[0];
  std::vector<std::vector<std::size_t>> depth;
  for (auto& group : kernel.similar)
    depth.push_back(space.where([&](auto& dim) {
      return dim[0] == 'd' && std::any_of(group.begin(), group.end(), [&](auto& x) {
               return std::find(x.dims.begin(), x.dims.end(), dim) != x.dims.end();
             });
    }));

  Expected expected;
  expected.out.assign(data[rest + (kernel.start ? 4 : 1)]->count(), 0);
  std::size_t keys = space.extents[key];
  std::vector<Numbers> captured(keys, Numbers(captures));
  Numbers scores(keys), weights(keys), raw(kernel.similar.size()), elements;
  std::vector<char> seen(keys);
  space.each(rowDims, [&] {
    double most = m ? (*m)(space) : -INFINITY;
    bool poisoned = false;
    for (std::size_t k = 0; k < keys; ++k) {
      space.at[key] = k;
      Point point{space.at[row], std::int64_t(k)};
      for (std::size_t n = 0; n < captures; ++n) captured[k][n] = read[similars + n](space);
      seen[k] = !kernel.visible || kernel.visible(captured[k], point);
      if (!seen[k]) continue;
      for (std::size_t s = 0, first = 0; s < kernel.similar.size(); first += kernel.similar[s++].size()) {
        raw[s] = 0;
        elements.resize(kernel.similar[s].size());
        space.each(depth[s], [&] {
          for (std::size_t n = 0; n < elements.size(); ++n) elements[n] = read[first + n](space);
          raw[s] += kernel.body(int(s), elements);
        });
      }
      scores[k] = kernel.score(raw, captured[k], point);
      most = std::max(most, scores[k]);
      poisoned |= std::isnan(scores[k]);
    }
    space.at[key] = 0;
    double shift = poisoned ? NAN : most == -INFINITY ? 0 : most;
    double before = m ? std::exp((*m)(space)-shift) : 0, sum = m ? (*l)(space)*before : 0;
    for (std::size_t k = 0; k < keys; ++k) {
      if (!seen[k]) continue;
      double p = std::exp(scores[k] - shift);
      sum += p;
      weights[k] = kernel.weight ? kernel.weight(p, captured[k], {space.at[row], std::int64_t(k)}) : p;
    }
    space.each(valueDims, [&] {
      double total = m ? (*o)(space)*before : 0;
      for (std::size_t k = 0; k < keys; ++k) {
        space.at[key] = k;
        if (seen[k]) total += weights[k] * value(space);
      }
      space.at[key] = 0;
      expected.out[out.index(space)] = sum == 0 ? 0 : total / sum;
    });
    expected.lse.push_back(sum == 0 ? -INFINITY : shift + std::log(sum));
  });
  return expected;
}

}  // namespace heed::testing
