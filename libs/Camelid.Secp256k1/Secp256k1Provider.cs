using Camelid.Protocol.Keys;

namespace Camelid.Secp256k1;

/// <summary>Chooses the implementation of the curve.</summary>
public static class Secp256k1Provider
{
    /// <summary>libsecp256k1 where this machine has it, else managed code; both give the same bytes.</summary>
    public static ISecp256k1 Create() => Secp256k1Library.IsInstalled ? new Secp256k1Library() : new Secp256k1Managed();
}
