namespace Camelid.Protocol.Peers;

/// <summary>Asks whether the other end is there.</summary>
/// <param name="Nonce">What the answer must repeat.</param>
public sealed record PingMessage(ulong Nonce) : PeerMessage
{
    /// <summary>Bytes of payload.</summary>
    public const int Bytes = 8;

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Ping;

    internal override void Write(CanonicalWriter writer) => writer.UInt64(Nonce);
}

/// <summary>Answers <c>ping</c>.</summary>
/// <param name="Nonce">The nonce that was asked with.</param>
public sealed record PongMessage(ulong Nonce) : PeerMessage
{
    /// <summary>Bytes of payload.</summary>
    public const int Bytes = 8;

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Pong;

    internal override void Write(CanonicalWriter writer) => writer.UInt64(Nonce);
}

/// <summary>Asks for the ids of the transactions in the mempool, as <c>inv</c> above the fee filter.</summary>
public sealed record MemPoolMessage : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.MemPool;

    internal override void Write(CanonicalWriter writer)
    {
    }
}

/// <summary>Asks to announce no transaction that pays less.</summary>
/// <param name="GrainsPerThousandBytes">The fee rate; at most all coin.</param>
public sealed record FeeFilterMessage(long GrainsPerThousandBytes) : PeerMessage
{
    /// <summary>Bytes of payload.</summary>
    public const int Bytes = 8;

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.FeeFilter;

    internal static FeeFilterMessage? Read(ref CanonicalReader reader) =>
        reader.Int64() is >= 0 and <= Amount.GrainsMax and long rate ? new FeeFilterMessage(rate) : null;

    internal override void Write(CanonicalWriter writer) => writer.Int64(GrainsPerThousandBytes);
}

/// <summary>Asks to announce blocks by <c>headers</c> instead of <c>inv</c>.</summary>
public sealed record SendHeadersMessage : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.SendHeaders;

    internal override void Write(CanonicalWriter writer)
    {
    }
}

/// <summary>Says that the sender reads compact blocks.</summary>
/// <param name="Announce">
/// True where it wants new blocks pushed as <c>cmpctblock</c>, unasked (BIP152's high band).
/// </param>
/// <param name="Version">The form of compact blocks; <see cref="VersionCurrent"/>.</param>
public sealed record SendCmpctMessage(bool Announce, uint Version) : PeerMessage
{
    /// <summary>Bytes of payload.</summary>
    public const int Bytes = 5;

    /// <summary>The form of compact blocks that is written here.</summary>
    public const uint VersionCurrent = 1;

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.SendCmpct;

    internal static SendCmpctMessage? Read(ref CanonicalReader reader)
    {
        byte announce = reader.Byte();
        SendCmpctMessage read = new(announce == 1, reader.UInt32());
        return announce <= 1 ? read : null;
    }

    internal override void Write(CanonicalWriter writer) => writer.Byte(Announce ? (byte)1 : (byte)0).UInt32(Version);
}
