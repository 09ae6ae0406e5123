using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Keys;

/// <summary>What the wallet refuses, each with its stable name in the trailer <c>camelid-reason</c>.</summary>
internal static class WalletRefusal
{
    /// <summary>A signature is needed and the wallet is locked.</summary>
    public static RpcException Locked() => Refused(
        "wallet-locked",
        "the wallet is locked: unlock it (wallet unlock), or start the node with Chain__PassphraseFile, a file (0600) "
        + "with its passphrase");

    /// <summary>This node has no wallet.</summary>
    public static RpcException None() => Refused(
        "no-wallet",
        "this node has no wallet: make one (wallet create), or restore yours from its words (wallet restore)");

    /// <summary>A wallet is there: it is never written over.</summary>
    public static RpcException Exists(string path) => Refused(
        "wallet-exists",
        $"this node has a wallet already, {path}. Use another data folder, or stop the node, move that file "
        + "away to where you keep it safe, and start with Chain__CreateWallet=false");

    /// <summary>The passphrase is not the one.</summary>
    public static RpcException WrongPassphrase() => RpcReason.Exception(
        StatusCode.PermissionDenied, "wrong-passphrase", "the passphrase is wrong");

    /// <summary>There is not enough coin that may be spent.</summary>
    public static RpcException NoMoney(string message) => Refused("no-money", message);

    /// <summary>A refusal that another call can't change by itself.</summary>
    public static RpcException Refused(string reason, string message) =>
        RpcReason.Exception(StatusCode.FailedPrecondition, reason, message);

    /// <summary>A request that is not in form.</summary>
    public static RpcException Bad(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
