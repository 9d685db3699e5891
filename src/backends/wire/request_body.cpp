// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/request_body.h"

#include <algorithm>
#include <cstring>

namespace gatehouse {

RequestBody::RequestBody(QByteArray bytes, QObject *parent)
    : QIODevice(parent)
    , m_bytes(std::move(bytes))
{
    open(QIODevice::ReadOnly | QIODevice::Unbuffered);
}

bool RequestBody::seek(qint64 position)
{
    return position >= 0 && position <= size() && QIODevice::seek(position);
}

bool RequestBody::reset()
{
    return m_rewinds-- > 0 && seek(0);
}

qint64 RequestBody::readData(char *data, qint64 maxSize)
{
    const qint64 size = std::min(maxSize, m_bytes.size() - pos());
    if (size <= 0)
        return 0;
    std::memcpy(data, m_bytes.constData() + pos(), static_cast<size_t>(size));
    return size;
}

qint64 RequestBody::writeData(const char *, qint64)
{
    return -1;
}

} // namespace gatehouse
