namespace Camelid.ModelRuntime.Graphs;

/// <summary>What one slot does in one call: nothing where it has no tokens.</summary>
/// <param name="Cache">The sequence's keys and values; null where the slot is idle.</param>
/// <param name="Past">Tokens that the cache already holds.</param>
/// <param name="Tokens">New tokens.</param>
/// <param name="LogitsFrom">Index in <paramref name="Tokens"/> from which on logits are wanted; its length for
/// none.</param>
internal readonly record struct SlotWork(
    KeyValueCache? Cache, int Past, ReadOnlyMemory<uint> Tokens, int LogitsFrom);
