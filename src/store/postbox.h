// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <functional>
#include <memory>

namespace gatehouse {

/// Calls back in the thread of an object, unless that has gone. Made in the object's thread; post() is
/// thread-safe. Copies share one address.
class Postbox
{
public:
    explicit Postbox(QObject *context); ///< Null: whatever is posted is dropped.
    void post(std::function<void()> call) const;

private:
    struct Address;
    std::shared_ptr<Address> m_address;
};

} // namespace gatehouse
