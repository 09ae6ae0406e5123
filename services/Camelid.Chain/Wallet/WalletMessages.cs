using System.Text;
using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Wallet;

/// <summary>Messages signed by the key of an address (rule W-14).</summary>
internal sealed class WalletMessages(ChainState state, WalletAddresses addresses)
{
    /// <summary>Signs a message with the key of one of the wallet's addresses.</summary>
    /// <exception cref="Grpc.Core.RpcException">not-ours, wallet-locked, no-wallet, or not in form.</exception>
    public async Task<SignMessageReply> SignAsync(SignMessageRequest request, CancellationToken cancellationToken)
    {
        Address address = Read(request.Address, request.Message);
        state.Keys.RequireWallet();
        AddressScan scan = await addresses.ScanAsync(cancellationToken);
        return scan.Places.TryGetValue(address.KeyHash, out KeyPlace place)
            ? new SignMessageReply
            {
                Signature = SignedMessage.Sign(state.Keys.Vault.KeyAt(place), request.Message, state.Curve),
            }
            : throw WalletRefusal.Refused("not-ours", $"address: {request.Address} is none of this wallet's");
    }

    /// <summary>Whether the key of an address signed a message. No wallet is needed.</summary>
    public VerifyMessageReply Verify(VerifyMessageRequest request) => new()
    {
        Valid = SignedMessage.Verify(
            Read(request.Address, request.Message), request.Message, request.Signature, state.Curve),
    };

    private Address Read(string address, string message)
    {
        if (!Address.TryParse(address, state.Network, out Address parsed))
        {
            throw WalletRefusal.Bad($"address: '{address}' is no address of the network {state.Network.Name}");
        }

        return Encoding.UTF8.GetByteCount(message) <= SignedMessage.MessageBytesMax
            ? parsed
            : throw WalletRefusal.Bad($"message: more than {SignedMessage.MessageBytesMax} bytes");
    }
}
