using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>The fixed key of a role with what follows from it.</summary>
internal sealed class RoleKey(KeyRole role, PublicKey key, Network network, KeyVault vault)
{
    /// <summary>The private key.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION, wallet-locked.</exception>
    public PrivateKey Private => vault.KeyAt(KeyPlace.Fixed(role));

    /// <summary>The public key.</summary>
    public PublicKey Public { get; } = key;

    /// <summary>Its address.</summary>
    public Address Address { get; } = Address.Of(key, network);
}

/// <summary>
/// The operator's keys: a fixed one for each role, m/44'/coin'/role'/0/0 of its seed, and the accounts around them.
/// Private ones never leave this service. A node may run without any: it validates, and signs nothing.
/// </summary>
internal sealed class OperatorKeys
{
    private readonly Network network;
    private volatile Held? held;

    /// <summary>No keys yet.</summary>
    public OperatorKeys(Network network, ISecp256k1 curve, TimeProvider time)
    {
        this.network = network;
        Vault = new KeyVault(network, curve, time);
    }

    /// <summary>The keys of a seed, unlocked for good.</summary>
    public OperatorKeys(ReadOnlySpan<byte> seed, Network network, ISecp256k1 curve)
        : this(network, curve, TimeProvider.System)
    {
        KeySecret secret = KeySecret.OfSeed(seed);
        Adopt(KeyRing.Of(secret, network, curve));
        Vault.Unlock(secret, DateTimeOffset.MaxValue);
    }

    /// <summary>The private side.</summary>
    public KeyVault Vault { get; }

    /// <summary>False while the node has no wallet.</summary>
    public bool Exists => held is not null;

    /// <summary>Refuses what needs a wallet, where there is none.</summary>
    /// <exception cref="Grpc.Core.RpcException">no-wallet.</exception>
    public void RequireWallet() => _ = Ring;

    /// <summary>True where a signature can be made now.</summary>
    public bool CanSign => Exists && !Vault.IsLocked;

    /// <summary>The public side.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION, no-wallet.</exception>
    public KeyRing Ring => (held ?? throw WalletRefusal.None()).Ring;

    /// <summary>The fixed key of a role.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION, no-wallet.</exception>
    public RoleKey this[KeyRole role] => (held ?? throw WalletRefusal.None()).Roles[role];

    /// <summary>The role whose fixed key an output belongs to; null where it is somebody else's.</summary>
    public KeyRole? RoleOf(OutputPurpose purpose) => held?.Ring.RoleOf(purpose);

    /// <summary>Takes keys where there were none.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION, wallet-exists.</exception>
    public void Adopt(KeyRing ring)
    {
        Held adopted = new(ring, Enum.GetValues<KeyRole>().ToDictionary(
            role => role, role => new RoleKey(role, ring.KeyAt(KeyPlace.Fixed(role)), network, Vault)));
        if (Interlocked.CompareExchange(ref held, adopted, null) is not null)
        {
            throw WalletRefusal.Exists("in use");
        }
    }

    private sealed record Held(KeyRing Ring, IReadOnlyDictionary<KeyRole, RoleKey> Roles);
}
