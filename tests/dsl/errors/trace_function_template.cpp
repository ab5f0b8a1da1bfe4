// expect: heed: trace: give a function, a lambda or a module whose parameters are tensors, not auto
#include "axes.h"

template <class Query, class K>
constexpr auto score(Query q, K k) {
  auto scores = contract<Depth>(q, k) * rsqrt(Depth::size);
  return softmax<Key>(where(index<Key>() <= index<Seq>(), scores, -inf));
}
constexpr auto g = trace<score>("q", "k");
