namespace Camelid.Protocol.Peers;

/// <summary>Lists inside messages: copied once, never empty, never above their bound.</summary>
internal static class MessageList
{
    internal static IReadOnlyList<T> Of<T>(IEnumerable<T> items, int countMax)
    {
        T[] copy = [.. items];
        return copy.Length >= 1 && copy.Length <= countMax
            ? Array.AsReadOnly(copy)
            : throw new ArgumentException($"a message lists 1 to {countMax} items, not {copy.Length}", nameof(items));
    }
}
