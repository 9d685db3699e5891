// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/id.h"

#include <QRandomGenerator>

#include <algorithm>
#include <array>
#include <cstring>

namespace gatehouse {

QByteArray makeId(QByteArrayView prefix)
{
    std::array<quint32, 4> bits;
    QRandomGenerator::system()->fillRange(bits.data(), bits.size());
    const auto raw = QByteArray::fromRawData(reinterpret_cast<const char *>(bits.data()), sizeof bits);
    return prefix.toByteArray() +
           raw.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

bool isSaneRequestId(QByteArrayView id)
{
    const auto sane = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && std::strchr("._:/+=@-", c));
    };
    return !id.isEmpty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), sane);
}

} // namespace gatehouse
