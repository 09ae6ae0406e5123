using System.Buffers.Binary;
using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;

namespace Camelid.JobPool.Submission;

/// <summary>This operator's public facts: keys, stakes and the network, as typed values.</summary>
internal sealed record OperatorProfile
{
    public required Network Network { get; init; }

    public required Hash256 Genesis { get; init; }

    /// <summary>W, in seconds.</summary>
    public required uint WindowSeconds { get; init; }

    public required PublicKey ClientKey { get; init; }

    public required PublicKey VerifierKey { get; init; }

    /// <summary>Where claims pay to.</summary>
    public required Hash160 RewardAddress { get; init; }

    public required ulong SlashGrains { get; init; }

    /// <summary>The profile of a reply of the Chain service.</summary>
    /// <exception cref="UnreachableException">The reply is not one that our Chain service gives.</exception>
    public static OperatorProfile From(OperatorReply reply)
    {
        if (!Network.TryParse(reply.Network, out Network? network)
            || !PublicKey.TryFromBytes(reply.ClientKey.Span, out PublicKey client)
            || !PublicKey.TryFromBytes(reply.VerifierKey.Span, out PublicKey verifier)
            || !Address.TryParse(reply.RewardAddress, network, out Address reward))
        {
            throw new UnreachableException($"the Chain service described an operator that cannot be, on '{reply.Network}'");
        }

        return new OperatorProfile
        {
            Network = network,
            Genesis = Hash256.FromBytes(reply.GenesisHash.Span),
            WindowSeconds = reply.WindowSeconds,
            ClientKey = client,
            VerifierKey = verifier,
            RewardAddress = reward.KeyHash,
            SlashGrains = checked((ulong)reply.SlashGrains),
        };
    }

    /// <summary>Reads a stake id of 36 bytes: txid ‖ little-endian index.</summary>
    public static StakeId StakeOf(ReadOnlySpan<byte> bytes) => bytes.Length == StakeId.Bytes
        ? new StakeId(
            Hash256.FromBytes(bytes[..Hash256.Bytes]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[Hash256.Bytes..]))
        : throw new UnreachableException($"a stake id has {StakeId.Bytes} bytes, not {bytes.Length}");

    /// <summary>The 36 bytes of a stake id.</summary>
    public static byte[] BytesOf(StakeId stake)
    {
        byte[] bytes = new byte[StakeId.Bytes];
        stake.Txid.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Hash256.Bytes), stake.Index);
        return bytes;
    }
}

/// <summary>Asks the Chain service once who this operator is; keys and network do not change while it runs.</summary>
internal sealed class OperatorDirectory(SignerRpc.SignerRpcClient signer)
{
    private volatile OperatorProfile? known;

    public async Task<OperatorProfile> GetAsync(CancellationToken cancellationToken) =>
        known ??= OperatorProfile.From(
            await signer.GetOperatorAsync(new GetOperatorRequest(), cancellationToken: cancellationToken));
}
