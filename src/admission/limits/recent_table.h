// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHashFunctions>

#include <unordered_map>

namespace gatehouse {

/// A hash table that knows which entry was not seen for the longest time. One allocation an entry; the hash
/// is seeded, because clients choose some of the keys. Entries stay where they are until they are dropped.
/// Not thread-safe.
template <typename Key, typename State>
class RecentTable
{
public:
    RecentTable() = default;
    RecentTable(const RecentTable &) = delete;
    RecentTable &operator=(const RecentTable &) = delete;

    /// The entry, made on first sight; it is the one seen last from now on.
    State &touch(const Key &key)
    {
        const auto [place, isNew] = m_entries.try_emplace(key);
        Entry &entry = place->second;
        if (isNew)
            entry.key = &place->first;
        else
            unlink(entry);
        entry.older = m_newest;
        (m_newest ? m_newest->newer : m_oldest) = &entry;
        m_newest = &entry;
        return entry.state;
    }

    /// Null where there is none.
    [[nodiscard]] State *find(const Key &key)
    {
        const auto place = m_entries.find(key);
        return place == m_entries.end() ? nullptr : &place->second.state;
    }

    /// Drops the entry unseen for the longest, and the next one, for as long as `may` says so of it.
    template <typename Predicate>
    void dropWhile(Predicate may)
    {
        while (m_oldest && may(m_oldest->state)) {
            Entry &entry = *m_oldest;
            unlink(entry);
            m_entries.erase(m_entries.find(*entry.key));
        }
    }

    [[nodiscard]] std::size_t size() const { return m_entries.size(); }

private:
    struct Entry
    {
        State state;
        const Key *key = nullptr;
        Entry *older = nullptr;
        Entry *newer = nullptr;
    };
    struct SeededHash
    {
        std::size_t operator()(const Key &key) const noexcept { return qHash(key, QHashSeed::globalSeed()); }
    };

    void unlink(Entry &entry)
    {
        (entry.older ? entry.older->newer : m_oldest) = entry.newer;
        (entry.newer ? entry.newer->older : m_newest) = entry.older;
        entry.older = entry.newer = nullptr;
    }

    std::unordered_map<Key, Entry, SeededHash> m_entries;
    Entry *m_oldest = nullptr;
    Entry *m_newest = nullptr;
};

} // namespace gatehouse
