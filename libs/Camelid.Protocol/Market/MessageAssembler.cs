using Camelid.Protocol.Peers;

namespace Camelid.Protocol.Market;

/// <summary>How much a node keeps of messages that have not come whole.</summary>
public sealed record AssemblyBounds
{
    /// <summary>Bytes of one sender's parts.</summary>
    public long SenderBytesMax { get; init; } = 8 << 20;

    /// <summary>Bytes of all parts.</summary>
    public long TotalBytesMax { get; init; } = 64 << 20;

    /// <summary>Unfinished messages of one sender.</summary>
    public int SenderCountMax { get; init; } = 64;

    /// <summary>Unfinished messages of all senders.</summary>
    public int TotalCountMax { get; init; } = 512;

    /// <summary>How long a message may take from its first part to its last, in milliseconds.</summary>
    public long LifeMilliseconds { get; init; } = 60_000;
}

/// <summary>
/// Rule P-57: puts messages together out of their parts, in any order, within bounds. A sender that breaks the form or
/// contradicts itself loses that message; one that sends more than its bound loses what is new; nobody's parts are
/// thrown out for another's.
/// </summary>
/// <remarks>Time is an argument, in milliseconds that never go back.</remarks>
public sealed class MessageAssembler(AssemblyBounds bounds)
{
    private readonly Dictionary<(NodeId Sender, byte Kind, Hash256 Id), Partial> partials = [];
    private readonly Queue<((NodeId Sender, byte Kind, Hash256 Id) Key, Partial Partial)> byAge = [];
    private readonly Dictionary<NodeId, Share> shares = [];

    /// <summary>Unfinished messages.</summary>
    public int Count => partials.Count;

    /// <summary>Bytes of their parts.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes the body of an envelope.</summary>
    /// <param name="sender">Who signed the envelope.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="body">Its body.</param>
    /// <param name="now">The present, in milliseconds.</param>
    /// <param name="whole">The message, once it is whole; null otherwise.</param>
    /// <returns>
    /// <c>Accepted</c>; <see cref="RuleCode.MessagePartForm"/>, <see cref="RuleCode.MessagePartContradicts"/> (both
    /// signed by the sender, so its fault) or <see cref="RuleCode.MessagePartsTooMany"/>.
    /// </returns>
    public RuleCode Take(NodeId sender, byte kind, ReadOnlySpan<byte> body, long now, out ReadOnlyMemory<byte>? whole)
    {
        whole = null;
        Expire(now);
        if (!MessageParts.TryDecode(body, out MessagePart? part))
        {
            return RuleCode.MessagePartForm;
        }

        if (part!.Count == 1)
        {
            whole = part.Data;
            return RuleCode.Accepted;
        }

        (NodeId Sender, byte Kind, Hash256 Id) key = (sender, kind, part.Id);
        if (!partials.TryGetValue(key, out Partial? partial))
        {
            if (!MayBegin(sender))
            {
                return RuleCode.MessagePartsTooMany;
            }

            partial = new Partial(part.Count, now + bounds.LifeMilliseconds);
            partials.Add(key, partial);
            byAge.Enqueue((key, partial));
            ShareOf(sender).Count++;
        }

        return Add(key, partial, part, out whole);
    }

    /// <summary>Forgets messages whose time is over.</summary>
    /// <returns>How many.</returns>
    public int Expire(long now)
    {
        int expired = 0;
        while (byAge.TryPeek(out var oldest) && (oldest.Partial.Until <= now || oldest.Partial.IsOver))
        {
            byAge.Dequeue();
            if (!oldest.Partial.IsOver)
            {
                Drop(oldest.Key, oldest.Partial);
                expired++;
            }
        }

        return expired;
    }

    private RuleCode Add(
        (NodeId Sender, byte Kind, Hash256 Id) key, Partial partial, MessagePart part,
        out ReadOnlyMemory<byte>? whole)
    {
        whole = null;
        if (part.Count != partial.Parts.Length || partial.Contradicts(part))
        {
            Drop(key, partial);
            return RuleCode.MessagePartContradicts;
        }

        if (partial.Parts[part.Index] is not null)
        {
            return RuleCode.Accepted;
        }

        Share share = ShareOf(key.Sender);
        if (share.Bytes + part.Data.Length > bounds.SenderBytesMax || Bytes + part.Data.Length > bounds.TotalBytesMax)
        {
            if (partial.Left == partial.Parts.Length)
            {
                Drop(key, partial);
            }

            return RuleCode.MessagePartsTooMany;
        }

        partial.Put(part);
        share.Bytes += part.Data.Length;
        Bytes += part.Data.Length;
        if (partial.Left > 0)
        {
            return RuleCode.Accepted;
        }

        byte[] joined = partial.Join();
        Drop(key, partial);
        if (MessageParts.IdOf(key.Kind, joined) != key.Id)
        {
            return RuleCode.MessagePartContradicts;
        }

        whole = joined;
        return RuleCode.Accepted;
    }

    private bool MayBegin(NodeId sender) => partials.Count < bounds.TotalCountMax
        && (!shares.TryGetValue(sender, out Share? share) || share.Count < bounds.SenderCountMax);

    private Share ShareOf(NodeId sender)
    {
        if (!shares.TryGetValue(sender, out Share? share))
        {
            shares[sender] = share = new Share();
        }

        return share;
    }

    private void Drop((NodeId Sender, byte Kind, Hash256 Id) key, Partial partial)
    {
        partial.IsOver = true;
        partials.Remove(key);
        Share share = ShareOf(key.Sender);
        share.Bytes -= partial.Bytes;
        Bytes -= partial.Bytes;
        share.Count--;
        if (share.Count == 0)
        {
            shares.Remove(key.Sender);
        }

        partial.Clear();
    }

    private sealed class Share
    {
        public int Count { get; set; }

        public long Bytes { get; set; }
    }

    private sealed class Partial(int count, long until)
    {
        public ReadOnlyMemory<byte>?[] Parts { get; } = new ReadOnlyMemory<byte>?[count];

        public long Until { get; } = until;

        public int Left { get; private set; } = count;

        public long Bytes { get; private set; }

        public bool IsOver { get; set; }

        public bool Contradicts(MessagePart part) =>
            Parts[part.Index] is { } held && !held.Span.SequenceEqual(part.Data.Span);

        public void Put(MessagePart part)
        {
            Parts[part.Index] = part.Data;
            Bytes += part.Data.Length;
            Left--;
        }

        public byte[] Join()
        {
            byte[] joined = new byte[Bytes];
            int at = 0;
            foreach (ReadOnlyMemory<byte>? part in Parts)
            {
                part!.Value.CopyTo(joined.AsMemory(at));
                at += part.Value.Length;
            }

            return joined;
        }

        public void Clear() => Array.Clear(Parts);
    }
}
