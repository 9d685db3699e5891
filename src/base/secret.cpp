// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/secret.h"

namespace gatehouse {

bool Secret::matches(QByteArrayView candidate) const
{
    // volatile keeps the compiler from leaving the loop early.
    volatile quint8 difference = m_bytes.size() == candidate.size() ? 0 : 1;
    for (qsizetype i = 0; i < candidate.size(); ++i) {
        const char own = m_bytes.isEmpty() ? '\0' : m_bytes.at(i % m_bytes.size());
        difference = difference | static_cast<quint8>(own ^ candidate[i]);
    }
    return difference == 0;
}

} // namespace gatehouse
