using Camelid.Chain.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Market;

/// <summary>
/// Rule P-64: messages for this node are put together (P-57) and handed to whoever reads their kind. Of a kind that
/// nobody reads not a byte is kept.
/// </summary>
internal sealed partial class MessageHub(TimeProvider time, ILogger<MessageHub> logger) : IAddressedMessageHandler
{
    /// <summary>Most readers at a time.</summary>
    public const int SubscriptionsMax = 32;

    private readonly Lock gate = new();
    private readonly List<MessageSubscription> subscriptions = [];
    private readonly MessageAssembler assembler = new(new AssemblyBounds());
    private readonly long started = time.GetTimestamp();
    private MessageCounts counts = new(0, 0, 0, 0);

    /// <summary>What came so far.</summary>
    public MessageCounts Counts
    {
        get
        {
            lock (gate)
            {
                return counts;
            }
        }
    }

    /// <inheritdoc/>
    public void Handle(NodeId sender, RelayMessage message)
    {
        lock (gate)
        {
            if (!subscriptions.Exists(reader => reader.Wants(message.Kind)))
            {
                counts = counts with { Unwanted = counts.Unwanted + 1 };
                return;
            }

            long now = (long)time.GetElapsedTime(started).TotalMilliseconds;
            RuleCode code = assembler.Take(sender, message.Kind, message.Body.Span, now, out var whole);
            if (code != RuleCode.Accepted)
            {
                counts = counts with { Refused = counts.Refused + 1 };
                LogRefused(sender, message.Kind, code.ToReason());
            }

            if (whole is { } body)
            {
                HandOut(new IncomingMessage(sender, message.Kind, body, message.Time));
            }
        }
    }

    /// <summary>A message of this node to itself.</summary>
    public void HandleOwn(NodeId self, byte kind, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            HandOut(new IncomingMessage(self, kind, body, (uint)time.GetUtcNow().ToUnixTimeSeconds()));
        }
    }

    /// <summary>Begins to read some kinds.</summary>
    /// <returns>Null where there are too many readers.</returns>
    public MessageSubscription? TrySubscribe(IEnumerable<byte> kinds)
    {
        lock (gate)
        {
            if (subscriptions.Count >= SubscriptionsMax)
            {
                return null;
            }

            MessageSubscription subscription = new(kinds, Leave);
            subscriptions.Add(subscription);
            return subscription;
        }
    }

    private void Leave(MessageSubscription subscription)
    {
        lock (gate)
        {
            subscriptions.Remove(subscription);
        }
    }

    private void HandOut(IncomingMessage message)
    {
        counts = counts with { Received = counts.Received + 1 };
        foreach (MessageSubscription reader in subscriptions.Where(reader => reader.Wants(message.Kind)))
        {
            counts = counts with { Dropped = counts.Dropped + reader.Put(message) };
        }
    }

    [LoggerMessage(1170, LogLevel.Debug, "A message of kind {Kind} of node {Sender} refused: {Reason}")]
    private partial void LogRefused(NodeId sender, byte kind, string reason);
}

/// <summary>Messages for this node.</summary>
/// <param name="Received">Whole ones, handed out.</param>
/// <param name="Unwanted">Envelopes of kinds that nobody reads.</param>
/// <param name="Refused">Envelopes out of form, or above the bounds.</param>
/// <param name="Dropped">Messages that a reader did not read in time.</param>
internal sealed record MessageCounts(long Received, long Unwanted, long Refused, long Dropped);
