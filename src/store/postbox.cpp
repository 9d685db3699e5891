// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/postbox.h"

#include <mutex>

namespace gatehouse {
namespace {

/// The object as long as it lives. Its thread can't end it while another one is posting to it.
struct Addressee
{
    std::mutex mutex;
    QObject *object = nullptr;
};

} // namespace

struct Postbox::Address
{
    ~Address() { QObject::disconnect(watch); }

    std::shared_ptr<Addressee> addressee = std::make_shared<Addressee>();
    QMetaObject::Connection watch;
};

Postbox::Postbox(QObject *context)
    : m_address(std::make_shared<Address>())
{
    if (!context)
        return;
    m_address->addressee->object = context;
    m_address->watch = QObject::connect(context, &QObject::destroyed, [addressee = m_address->addressee] {
        const std::lock_guard lock(addressee->mutex);
        addressee->object = nullptr;
    });
}

void Postbox::post(std::function<void()> call) const
{
    const std::lock_guard lock(m_address->addressee->mutex);
    if (m_address->addressee->object)
        QMetaObject::invokeMethod(m_address->addressee->object, std::move(call), Qt::QueuedConnection);
}

} // namespace gatehouse
