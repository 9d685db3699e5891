// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>
#include <QSet>
#include <QString>

namespace gatehouse {

/// The values of a GGUF file whose nonsense makes llama.cpp end the process (its assertions in
/// llama_model_base::load_hparams, llama_vocab::impl::load and ggml's operators). All others it refuses
/// itself.
class GgufModelRules
{
public:
    void addInteger(const QByteArray &key, qint64 value);
    /// Of an array: addInteger() its largest number.
    [[nodiscard]] static bool wantsLargest(const QByteArray &key);
    void addReal(const QByteArray &key, double value);
    [[nodiscard]] static bool wantsText(const QByteArray &key);
    void addText(const QByteArray &key, const QByteArray &text);
    void addToken(const QByteArray &text);

    /// After the last value: what is wrong with them, or nothing.
    [[nodiscard]] QString fault() const;

    [[nodiscard]] quint64 alignment() const
    {
        return static_cast<quint64>(m_integers.value("general.alignment", 32));
    }
    [[nodiscard]] int splitCount() const { return static_cast<int>(m_integers.value("split.count", 1)); }
    [[nodiscard]] int splitIndex() const { return static_cast<int>(m_integers.value("split.no", 0)); }

private:
    void complain(const QString &fault);
    [[nodiscard]] qint64 ofModel(const char *key, qint64 otherwise) const;
    [[nodiscard]] QString faultOfExperts() const;

    QByteArray m_architecture;
    QHash<QByteArray, qint64> m_integers;
    QSet<QByteArray> m_tokens;
    QString m_fault;
};

} // namespace gatehouse
