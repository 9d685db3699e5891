// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/gguf_model_rules.h"

#include "engine/llama/gguf_reader.h"

#include <cmath>

namespace gatehouse {

namespace {

constexpr char architectureKey[] = "general.architecture";
constexpr char alignmentKey[] = "general.alignment";
constexpr qint64 mostLayers = 512;
constexpr qint64 mostExperts = 1024;

/// All that llama.cpp sees of a text.
QByteArray upToNul(const QByteArray &text)
{
    const qsizetype nul = text.indexOf('\0');
    return nul < 0 ? text : text.first(nul);
}

} // namespace

void GgufModelRules::addInteger(const QByteArray &key, qint64 value)
{
    const bool isPowerOfTwo = value > 0 && (value & (value - 1)) == 0;
    if (key == alignmentKey && (!isPowerOfTwo || value < 8))
        complain(QStringLiteral("the alignment %1 is no power of two from 8 on").arg(value));
    m_integers.insert(key, value);
}

bool GgufModelRules::wantsLargest(const QByteArray &key)
{
    return key.endsWith(".expert_used_count");
}

void GgufModelRules::addReal(const QByteArray &key, double value)
{
    if (std::isnan(value) || (key.endsWith("epsilon") && !(value >= 0 && std::isfinite(value))))
        complain(QStringLiteral("%1 is %2").arg(shownName(key)).arg(value));
}

bool GgufModelRules::wantsText(const QByteArray &key)
{
    return key == architectureKey || key.endsWith(".rope.scaling.type");
}

void GgufModelRules::addText(const QByteArray &key, const QByteArray &text)
{
    const QByteArray value = upToNul(text);
    if (key == architectureKey)
        m_architecture = value;
    else if (value != "none" && value != "linear" && value != "yarn" && value != "longrope")
        complain(QStringLiteral("an unknown way to scale positions in %1").arg(shownName(key)));
}

/// llama.cpp gives those without a text one of its own.
void GgufModelRules::addToken(const QByteArray &text)
{
    const QByteArray token = upToNul(text);
    const qsizetype before = m_tokens.size();
    m_tokens.insert(token);
    if (!token.isEmpty() && m_tokens.size() == before)
        complain(QStringLiteral("two tokens have the same text"));
}

QString GgufModelRules::fault() const
{
    if (!m_fault.isEmpty())
        return m_fault;
    const qint64 layers = ofModel("block_count", 1);
    if (layers < 1 || layers > mostLayers)
        return QStringLiteral("a model of %1 layers").arg(layers);
    if (const qint64 more = ofModel("nextn_predict_layers", 0); more < 0 || more > layers)
        return QStringLiteral("%1 layers to predict with, of %2").arg(more).arg(layers);
    if (splitCount() < 1 || splitIndex() >= splitCount())
        return QStringLiteral("it is file %1 of %2").arg(splitIndex() + 1).arg(splitCount());
    return faultOfExperts();
}

QString GgufModelRules::faultOfExperts() const
{
    const qint64 experts = ofModel("expert_count", 0);
    const qint64 used = ofModel("expert_used_count", 0);
    const qint64 groups = ofModel("expert_group_count", 0);
    const qint64 usedGroups = ofModel("expert_group_used_count", 0);
    if (experts == 1 && m_architecture.startsWith("hunyuan")) // which is none
        return {};
    const bool isDivided = experts > 0 && groups > 1;
    if (experts < 0 || experts > mostExperts || used < (experts > 0 ? 1 : 0) || used > experts)
        return QStringLiteral("%1 experts are used of %2").arg(used).arg(experts);
    if (groups < 0 || groups >= qMax<qint64>(experts, 1) ||
        (isDivided && (experts % groups != 0 || usedGroups < 1 || usedGroups >= groups)))
        return QStringLiteral("%1 groups of %2, of %3 experts").arg(usedGroups).arg(groups).arg(experts);
    return {};
}

void GgufModelRules::complain(const QString &fault)
{
    if (m_fault.isEmpty())
        m_fault = fault;
}

qint64 GgufModelRules::ofModel(const char *key, qint64 otherwise) const
{
    return m_integers.value(m_architecture + '.' + key, otherwise);
}

} // namespace gatehouse
