namespace Camelid.Protocol.Scripts;

/// <summary>The elements that a script works on, with the limits of rule C-08.</summary>
internal sealed class ScriptStack
{
    /// <summary>Most elements.</summary>
    public const int ElementsMax = 1000;

    /// <summary>Longest element, in bytes.</summary>
    public const int ElementBytesMax = 520;

    private readonly List<byte[]> elements = [];

    /// <summary>The number of elements.</summary>
    public int Count => elements.Count;

    /// <summary>The top element; the caller has looked at <see cref="Count"/>.</summary>
    public byte[] Top => elements[^1];

    /// <summary>True for an element that is not zero, negative zero included.</summary>
    public static bool IsTrue(ReadOnlySpan<byte> element)
    {
        int at = element.IndexOfAnyExcept((byte)0);
        return at >= 0 && !(at == element.Length - 1 && element[at] == 0x80);
    }

    /// <summary>Adds an element.</summary>
    public RuleCode Push(ReadOnlySpan<byte> element)
    {
        if (element.Length > ElementBytesMax || elements.Count >= ElementsMax)
        {
            return RuleCode.ScriptLimit;
        }

        elements.Add(element.ToArray());
        return RuleCode.Accepted;
    }

    /// <summary>Adds 1, or the empty element.</summary>
    public RuleCode Push(bool value) => Push(value ? [1] : []);

    /// <summary>Takes the top element; the caller has looked at <see cref="Count"/>.</summary>
    public byte[] Pop()
    {
        byte[] top = elements[^1];
        elements.RemoveAt(elements.Count - 1);
        return top;
    }
}
