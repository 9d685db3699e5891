// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/key_hasher.h"

#include "admission/sodium_start.h"

#include <QUuid>

namespace gatehouse {

namespace {

constexpr qsizetype hashBytes = crypto_generichash_BYTES;
constexpr qsizetype keyBytes = crypto_generichash_KEYBYTES;
static_assert(hashBytes == 32 && keyBytes == 32);

QByteArray blake2b(QByteArrayView message, QByteArrayView key)
{
    QByteArray hash(hashBytes, Qt::Uninitialized);
    const auto bytes = [](QByteArrayView view) {
        return reinterpret_cast<const unsigned char *>(view.data());
    };
    crypto_generichash(reinterpret_cast<unsigned char *>(hash.data()), hashBytes, bytes(message),
                       quint64(message.size()), bytes(key), size_t(key.size()));
    return hash;
}

} // namespace

KeyHasher::KeyHasher(const Secret &secret)
{
    startSodium();
    m_key = blake2b(secret.reveal(), {}); // Whatever length the operator's secret has.
}

QByteArray KeyHasher::hash(QByteArrayView apiKey) const
{
    return blake2b(apiKey, m_key);
}

QByteArray KeyHasher::fingerprint() const
{
    return hash("fingerprint of the secret").first(16).toHex();
}

Secret makeApiKey()
{
    startSodium();
    QByteArray bits(32, Qt::Uninitialized);
    randombytes_buf(bits.data(), size_t(bits.size()));
    return Secret(keyPrefix.toByteArray() +
                  bits.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals));
}

QByteArray makeUuid()
{
    return QUuid::createUuid().toByteArray(QUuid::WithoutBraces);
}

} // namespace gatehouse
