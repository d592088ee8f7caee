#pragma once

#include <caf/meta/type_name.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace qrwell {

/// A list that its sender keeps while its receiver reads it: copies share the elements. Whoever changes it while
/// another holds it, changes a copy of its own.
template <class T>
class shared_list {
public:
  shared_list() = default;
  shared_list(std::vector<T> elements)
      : elements_(std::make_shared<std::vector<T>>(std::move(elements))) {}

  size_t size() const noexcept { return elements_ ? elements_->size() : 0; }
  bool empty() const noexcept { return size() == 0; }
  const T* begin() const noexcept { return elements_ ? elements_->data() : nullptr; }
  const T* end() const noexcept { return begin() + size(); }
  const T& operator[](size_t i) const noexcept { return (*elements_)[i]; }

  /// For changes.
  std::vector<T>& edit() {
    if (!elements_)
      elements_ = std::make_shared<std::vector<T>>();
    else if (!alone())
      elements_ = std::make_shared<std::vector<T>>(*elements_);
    return *elements_;
  }
  void push_back(T element) { edit().push_back(std::move(element)); }

  /// Its elements, moved if nobody else holds them; empty afterwards.
  std::vector<T> take() {
    auto out = empty() ? std::vector<T>{} : std::move(edit());
    elements_.reset();
    return out;
  }

  friend bool operator==(const shared_list& a, const shared_list& b) {
    return a.elements_ == b.elements_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

  template <class Inspector>
  friend auto inspect(Inspector& f, shared_list& x) {
    if constexpr (Inspector::reads_state) {
      std::vector<T> none;
      return f(caf::meta::type_name("shared_list"), x.elements_ ? *x.elements_ : none);
    } else {
      x = {};
      return f(caf::meta::type_name("shared_list"), x.edit());
    }
  }

private:
  // The fence sees what another thread did with the elements before it let go of them.
  bool alone() const noexcept {
    if (elements_.use_count() != 1) return false;
    std::atomic_thread_fence(std::memory_order_acquire);
    return true;
  }

  std::shared_ptr<std::vector<T>> elements_;
};

} // namespace qrwell
