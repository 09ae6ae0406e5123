using Camelid.Protocol;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Peers;

namespace Camelid.Fuzz.Targets;

/// <summary>What comes from other nodes, and the files of the peer engine.</summary>
internal static class PeerTargets
{
    internal static IEnumerable<IFuzzTarget> All =>
    [
        .. PeerCommands.All.Select(Message),
        new FrameTarget(isRepaired: false),
        new FrameTarget(isRepaired: true),
        new TextTarget(
            "peer-address-text",
            text => PeerAddress.TryParse(text, out PeerAddress address) ? address.ToString() : null)
        {
            Covers = ["PeerAddress.TryParse"],
            Texts = () => ["203.0.113.9:8333", "[2001:db8::1]:1", "[::ffff:1.2.3.4]:65535"],
            HasOneForm = false,
        },
        new AddressFileTarget(),
        new CompactBlockTarget(),
        new RelayTarget(),
        new LinkTarget(),
        LinkTarget.Hello,
    ];

    private static CodecTarget<PeerMessage> Message(PeerCommand command) => new(
        $"peer-{command.Name()}",
        input => PeerMessage.Decode(command, input, out PeerMessage? message) == RuleCode.Accepted ? message : null,
        message => message.Encode())
    {
        Covers = ["PeerMessage.Decode"],
        Values = () => PeerSamples.All.Where(message => message.Command == command),
        Use = message => FuzzFault.Require(
            PeerFrame.Encode(PeerPacket.ToNeighbour(PeerSamples.Id(3), message), Network.Regtest).Length > 0,
            "no frame"),
    };
}
