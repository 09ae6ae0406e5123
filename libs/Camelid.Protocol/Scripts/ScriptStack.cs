namespace Camelid.Protocol.Scripts;

/// <summary>The elements that a script works on. An element never changes, so that copies share its bytes.</summary>
internal sealed class ScriptStack
{
    /// <summary>Rule C-08: most elements, those of the other stack included.</summary>
    public const int ElementsMax = 1000;

    /// <summary>Rule C-08: longest element, in bytes. No operation makes a longer one; a push could.</summary>
    public const int ElementBytesMax = 520;

    private const int FirstCapacity = 8;
    private static readonly byte[] TrueElement = [1];

    private readonly List<ReadOnlyMemory<byte>> elements = new(FirstCapacity);

    /// <summary>The number of elements.</summary>
    public int Count => elements.Count;

    /// <summary>The top element.</summary>
    public ReadOnlySpan<byte> Top => Peek(0).Span;

    /// <summary>True for an element that is not zero, negative zero included.</summary>
    public static bool IsTrue(ReadOnlySpan<byte> element)
    {
        int at = element.IndexOfAnyExcept((byte)0);
        return at >= 0 && !(at == element.Length - 1 && element[at] == 0x80);
    }

    /// <summary>A second stack with the same elements.</summary>
    public ScriptStack Copy()
    {
        ScriptStack copy = new();
        copy.elements.AddRange(elements);
        return copy;
    }

    /// <summary>The element so far below the top; 0 is the top.</summary>
    public ReadOnlyMemory<byte> Peek(int depth) => elements[elements.Count - 1 - depth];

    /// <summary>Adds an element.</summary>
    public void Push(ReadOnlyMemory<byte> element) => elements.Add(element);

    /// <summary>Adds 1, or the empty element.</summary>
    public void Push(bool value) => elements.Add(value ? TrueElement : default);

    /// <summary>Adds a number.</summary>
    public void PushNumber(long value) => elements.Add(ScriptNumber.Encode(value));

    /// <summary>Adds a copy of the element so far below the top.</summary>
    public void PushCopy(int depth) => elements.Add(Peek(depth));

    /// <summary>Takes the top element.</summary>
    public ReadOnlyMemory<byte> Pop() => Take(0);

    /// <summary>Takes elements from the top.</summary>
    public void Drop(int count) => elements.RemoveRange(elements.Count - count, count);

    /// <summary>Takes the element so far below the top.</summary>
    public ReadOnlyMemory<byte> Take(int depth)
    {
        int at = elements.Count - 1 - depth;
        ReadOnlyMemory<byte> element = elements[at];
        elements.RemoveAt(at);
        return element;
    }

    /// <summary>Puts an element so far below the top; 0 is a push.</summary>
    public void Insert(int depth, ReadOnlyMemory<byte> element) => elements.Insert(elements.Count - depth, element);
}
