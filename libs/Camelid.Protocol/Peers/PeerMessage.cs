using Camelid.Protocol.Peers.Compact;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-06: a message between peers; each kind is a sealed record. One value has one encoding, and only that is read:
/// no other byte, none behind the end, no list above its bound.
/// </summary>
public abstract record PeerMessage
{
    private protected PeerMessage()
    {
    }

    /// <summary>The command that stands before it.</summary>
    public abstract PeerCommand Command { get; }

    /// <summary>The payload.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        Write(writer);
        return writer.ToArray();
    }

    /// <summary>
    /// Rule P-06: reads the payload of a command. <see cref="RuleCode.PeerUnknownCommand"/> for one that is not known,
    /// <see cref="RuleCode.PeerMessageForm"/> for bytes that <see cref="Encode"/> would not write.
    /// </summary>
    public static RuleCode Decode(PeerCommand command, ReadOnlySpan<byte> payload, out PeerMessage? message)
    {
        message = null;
        if (command == PeerCommand.Unknown)
        {
            return RuleCode.PeerUnknownCommand;
        }

        if (payload.Length > command.PayloadBytesMax())
        {
            return RuleCode.PeerFrameBytes;
        }

        CanonicalReader reader = new(payload);
        PeerMessage? read = Read(command, ref reader);
        message = reader.AtEnd ? read : null;
        return message is null ? RuleCode.PeerMessageForm : RuleCode.Accepted;
    }

    internal abstract void Write(CanonicalWriter writer);

    private static PeerMessage? Read(PeerCommand command, ref CanonicalReader reader) => command switch
    {
        PeerCommand.Version => VersionMessage.Read(ref reader),
        PeerCommand.Verack => VerackMessage.Read(ref reader),
        PeerCommand.Ping => new PingMessage(reader.UInt64()),
        PeerCommand.Pong => new PongMessage(reader.UInt64()),
        PeerCommand.GetAddr => new GetAddrMessage(),
        PeerCommand.Addr => AddrMessage.Read(ref reader),
        PeerCommand.Inv => InventoryList.Read(ref reader) is { } list ? new InvMessage(list) : null,
        PeerCommand.GetData => InventoryList.Read(ref reader) is { } list ? new GetDataMessage(list) : null,
        PeerCommand.NotFound => InventoryList.Read(ref reader) is { } list ? new NotFoundMessage(list) : null,
        PeerCommand.GetHeaders => GetHeadersMessage.Read(ref reader),
        PeerCommand.Headers => HeadersMessage.Read(ref reader),
        PeerCommand.Block => BlockMessage.Read(ref reader),
        PeerCommand.Tx => TxMessage.Read(ref reader),
        PeerCommand.MemPool => new MemPoolMessage(),
        PeerCommand.FeeFilter => FeeFilterMessage.Read(ref reader),
        PeerCommand.SendHeaders => new SendHeadersMessage(),
        PeerCommand.SendCmpct => SendCmpctMessage.Read(ref reader),
        PeerCommand.CmpctBlock => CompactBlock.Read(ref reader) is { } block ? new CmpctBlockMessage(block) : null,
        PeerCommand.GetBlockTxn => GetBlockTxnMessage.Read(ref reader),
        PeerCommand.BlockTxn => BlockTxnMessage.Read(ref reader),
        PeerCommand.Relay => RelayMessage.Read(ref reader),
        PeerCommand.Market => MarketMessage.Read(ref reader),
        _ => null,
    };
}
