using System.Collections.Frozen;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>A key of the operator with what follows from it.</summary>
internal sealed record RoleKey
{
    /// <summary>The private key.</summary>
    public required PrivateKey Private { get; init; }

    /// <summary>The public key.</summary>
    public required PublicKey Public { get; init; }

    /// <summary>Its address.</summary>
    public required Address Address { get; init; }
}

/// <summary>
/// The operator's keys, one for each role, m/44'/coin'/role'/0/0 of its seed. They never leave this service.
/// </summary>
internal sealed class OperatorKeys
{
    private readonly FrozenDictionary<KeyRole, RoleKey> keys;
    private readonly FrozenDictionary<Hash160, KeyRole> roleOfHash;
    private readonly FrozenDictionary<PublicKey, KeyRole> roleOfKey;

    /// <summary>Derives the keys.</summary>
    public OperatorKeys(ReadOnlySpan<byte> seed, Network network, ISecp256k1 curve)
    {
        Dictionary<KeyRole, RoleKey> derived = [];
        foreach (KeyRole role in Enum.GetValues<KeyRole>())
        {
            PrivateKey key = RoleKeys.Derive(seed, network, role, curve);
            PublicKey publicKey = curve.PublicKeyOf(key);
            derived.Add(role, new RoleKey
            {
                Private = key,
                Public = publicKey,
                Address = Address.Of(publicKey, network),
            });
        }

        keys = derived.ToFrozenDictionary();
        roleOfHash = derived.ToFrozenDictionary(pair => pair.Value.Address.KeyHash, pair => pair.Key);
        roleOfKey = derived.ToFrozenDictionary(pair => pair.Value.Public, pair => pair.Key);
    }

    /// <summary>The key of a role.</summary>
    public RoleKey this[KeyRole role] => keys[role];

    /// <summary>The role that an output belongs to; null where it is somebody else's.</summary>
    public KeyRole? RoleOf(OutputPurpose purpose) => purpose.Kind switch
    {
        OutputKind.Address => roleOfHash.TryGetValue(purpose.KeyHash, out KeyRole role) ? role : null,
        OutputKind.Other => null,
        _ => roleOfKey.TryGetValue(purpose.Key, out KeyRole role) ? role : null,
    };
}
