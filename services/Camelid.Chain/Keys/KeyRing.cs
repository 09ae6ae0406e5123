using System.Collections.Frozen;
using System.Globalization;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>The two chains of addresses below an account (BIP44).</summary>
internal enum AddressChain : byte
{
    /// <summary>Handed out to payers. Index 0 is the fixed key of the role.</summary>
    Receive = 0,

    /// <summary>For the change of the wallet's own payments.</summary>
    Change = 1,
}

/// <summary>A key's place: m/44'/coin'/role'/chain/index.</summary>
internal readonly record struct KeyPlace(KeyRole Role, AddressChain Chain, uint Index)
{
    /// <summary>The key that a role signs with.</summary>
    public static KeyPlace Fixed(KeyRole role) => new(role, AddressChain.Receive, 0);

    /// <summary>The path, for people.</summary>
    public string PathOn(Network network) => string.Create(
        CultureInfo.InvariantCulture, $"m/44'/{network.CoinType}'/{(int)Role}'/{(int)Chain}/{Index}");
}

/// <summary>The public side of a wallet: all its addresses and no way to spend. A locked one has it too.</summary>
internal sealed class KeyRing
{
    private readonly ISecp256k1 curve;
    private readonly FrozenDictionary<KeyRole, ExtendedPublicKey> accounts;
    private readonly Dictionary<(KeyRole, AddressChain), ExtendedPublicKey> chains = [];
    private readonly FrozenDictionary<Hash160, KeyRole> roleOfHash;
    private readonly FrozenDictionary<PublicKey, KeyRole> roleOfKey;

    /// <summary>Makes a ring of accounts, one for each role.</summary>
    public KeyRing(IReadOnlyDictionary<KeyRole, ExtendedPublicKey> accounts, Network network, ISecp256k1 curve)
    {
        Network = network;
        this.curve = curve;
        this.accounts = accounts.ToFrozenDictionary();
        foreach ((KeyRole role, ExtendedPublicKey account) in accounts)
        {
            foreach (AddressChain chain in Enum.GetValues<AddressChain>())
            {
                chains.Add((role, chain), account.Derive((uint)chain, curve));
            }
        }

        roleOfKey = accounts.Keys.ToFrozenDictionary(role => KeyAt(KeyPlace.Fixed(role)), role => role);
        roleOfHash = roleOfKey.ToFrozenDictionary(pair => Hash160.Of(pair.Key.Span), pair => pair.Value);
    }

    /// <summary>The network of its addresses.</summary>
    public Network Network { get; }

    /// <summary>What tells this wallet from others: HASH160 of the client account's key, 40 digits.</summary>
    public string Id => Hash160.Of(accounts[KeyRole.Client].Key.Span).ToString();

    /// <summary>The ring of a secret.</summary>
    public static KeyRing Of(KeySecret secret, Network network, ISecp256k1 curve) => new(
        Enum.GetValues<KeyRole>().ToDictionary(
            role => role, role => AccountOf(secret, network, role, curve).ToPublic(curve)),
        network, curve);

    /// <summary>The private account of a role, m/44'/coin'/role'.</summary>
    public static ExtendedKey AccountOf(KeySecret secret, Network network, KeyRole role, ISecp256k1 curve) =>
        ExtendedKey.FromSeed(secret.Seed, curve).DerivePath(
            string.Create(CultureInfo.InvariantCulture, $"m/44'/{network.CoinType}'/{(int)role}'"), curve);

    /// <summary>The <c>xpub</c> or <c>tpub</c> of a role's account.</summary>
    public string AccountText(KeyRole role) => accounts[role].ToText(Network);

    /// <summary>The key at a place.</summary>
    public PublicKey KeyAt(KeyPlace place) => chains[(place.Role, place.Chain)].Derive(place.Index, curve).Key;

    /// <summary>The role whose fixed key an output belongs to; null where it is somebody else's.</summary>
    public KeyRole? RoleOf(OutputPurpose purpose) => purpose.Kind switch
    {
        OutputKind.Address => roleOfHash.TryGetValue(purpose.KeyHash, out KeyRole role) ? role : null,
        OutputKind.Other => null,
        _ => roleOfKey.TryGetValue(purpose.Key, out KeyRole role) ? role : null,
    };
}
