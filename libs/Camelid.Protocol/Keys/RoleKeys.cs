using System.Globalization;

namespace Camelid.Protocol.Keys;

/// <summary>What a key of one operator is for: each has its own, so that losing one loses only its own.</summary>
public enum KeyRole
{
    /// <summary>Deposits, and signs jobs and payments.</summary>
    Client = 0,

    /// <summary>Stakes, signs testaments and claims payments.</summary>
    Worker = 1,

    /// <summary>Stakes and signs verification answers.</summary>
    Verifier = 2,

    /// <summary>Is the node among its peers.</summary>
    Node = 3,

    /// <summary>Receives subsidy and fees.</summary>
    Miner = 4,
}

/// <summary>The keys of an operator, one seed for all.</summary>
public static class RoleKeys
{
    /// <summary>The key at <c>m/44'/coin'/role'/0/0</c>.</summary>
    public static PrivateKey Derive(ReadOnlySpan<byte> seed, Network network, KeyRole role, ISecp256k1 curve)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"m/44'/{network.CoinType}'/{(int)role}'/0/0");
        return ExtendedKey.FromSeed(seed, curve).DerivePath(path, curve).Key;
    }
}
