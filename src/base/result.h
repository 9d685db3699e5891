// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

#include <type_traits>
#include <utility>
#include <variant>

namespace gatehouse {

/// A value or an Error. The member names are those of std::expected (C++23), so that it can take this place
/// once g++ 12 is no longer the floor. Asking for the part that is not there is a programming error.
template <typename T>
class [[nodiscard]] Result
{
public:
    using value_type = T;

    Result(T value)
        : m_state(std::in_place_index<0>, std::move(value))
    {}
    Result(Error error)
        : m_state(std::in_place_index<1>, std::move(error))
    {}

    [[nodiscard]] bool has_value() const { return m_state.index() == 0; }
    explicit operator bool() const { return has_value(); }

    [[nodiscard]] T &value() & { return *std::get_if<0>(&m_state); }
    [[nodiscard]] const T &value() const & { return *std::get_if<0>(&m_state); }
    [[nodiscard]] T &&value() && { return std::move(*std::get_if<0>(&m_state)); }
    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T &&operator*() && { return std::move(*this).value(); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }

    [[nodiscard]] Error &error() & { return *std::get_if<1>(&m_state); }
    [[nodiscard]] const Error &error() const & { return *std::get_if<1>(&m_state); }
    [[nodiscard]] Error &&error() && { return std::move(*std::get_if<1>(&m_state)); }

    template <typename U>
    [[nodiscard]] T value_or(U &&fallback) const &
    {
        return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
    }

    template <typename F>
    auto and_then(F &&f) && -> std::invoke_result_t<F, T &&>
    {
        if (!has_value())
            return std::move(*this).error();
        return std::forward<F>(f)(std::move(*this).value());
    }

private:
    std::variant<T, Error> m_state;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void>
{
public:
    using value_type = void;

    Result() = default;
    Result(Error error)
        : m_error(std::move(error))
    {}

    [[nodiscard]] bool has_value() const { return !m_error.has_value(); }
    explicit operator bool() const { return has_value(); }
    [[nodiscard]] const Error &error() const & { return *m_error; }
    [[nodiscard]] Error &&error() && { return std::move(*m_error); }

private:
    std::optional<Error> m_error;
};

} // namespace gatehouse
