using System.Threading.Channels;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Market;

/// <summary>A message for this node, put together.</summary>
/// <param name="Sender">Who signed it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Body">The message.</param>
/// <param name="Time">When its sender wrote it, or the last part of it, Unix seconds.</param>
internal sealed record IncomingMessage(NodeId Sender, byte Kind, ReadOnlyMemory<byte> Body, uint Time);

/// <summary>
/// Rule P-64: one reader of messages. What it does not read in time waits within bounds; beyond them the oldest goes:
/// senders repeat what is not answered.
/// </summary>
internal sealed class MessageSubscription : IDisposable
{
    /// <summary>Messages that wait for the reader.</summary>
    public const int CountMax = 4_096;

    /// <summary>Their bytes.</summary>
    public const long BytesMax = 64 << 20;

    private readonly Channel<IncomingMessage> waiting = Channel.CreateUnbounded<IncomingMessage>();
    private readonly HashSet<byte> kinds;
    private readonly Action<MessageSubscription> left;
    private long bytes;

    /// <summary>A reader of kinds.</summary>
    /// <param name="kinds">The kinds.</param>
    /// <param name="left">Called once it reads no more.</param>
    public MessageSubscription(IEnumerable<byte> kinds, Action<MessageSubscription> left) =>
        (this.kinds, this.left) = ([.. kinds], left);

    /// <summary>True where it wants messages of a kind.</summary>
    public bool Wants(byte kind) => kinds.Contains(kind);

    /// <summary>Puts a message in; one caller at a time.</summary>
    /// <returns>How many older ones were dropped for it.</returns>
    public int Put(IncomingMessage message)
    {
        waiting.Writer.TryWrite(message);
        Interlocked.Add(ref bytes, message.Body.Length);
        int dropped = 0;
        while ((waiting.Reader.Count > CountMax || Interlocked.Read(ref bytes) > BytesMax)
            && waiting.Reader.Count > 1 && TryRead(out _))
        {
            dropped++;
        }

        return dropped;
    }

    /// <summary>Takes the next message, where there is one.</summary>
    public bool TryRead([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IncomingMessage? message)
    {
        bool good = waiting.Reader.TryRead(out message);
        Interlocked.Add(ref bytes, -(message?.Body.Length ?? 0));
        return good;
    }

    /// <summary>Messages as they come, until cancelled.</summary>
    public async IAsyncEnumerable<IncomingMessage> ReadAllAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            while (TryRead(out IncomingMessage? message))
            {
                yield return message;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => left(this);
}
