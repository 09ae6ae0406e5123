using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;

namespace Camelid.Chain.Blocks;

/// <summary>What an output is for.</summary>
internal enum OutputKind
{
    /// <summary>Pays to an address.</summary>
    Address = 1,

    /// <summary>Rule E-01: waits for jobs.</summary>
    Deposit = 2,

    /// <summary>Rule E-02: waits for its key.</summary>
    Payment = 3,

    /// <summary>Rule E-03: answers for a node's work.</summary>
    Stake = 4,

    /// <summary>None of ours.</summary>
    Other = 5,
}

/// <summary>An output with its purpose and the key that it belongs to.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="KeyHash">The owner of an address.</param>
/// <param name="Key">The owner of a deposit or stake, the payee of a payment.</param>
internal readonly record struct OutputPurpose(OutputKind Kind, Protocol.Hash160 KeyHash, PublicKey Key)
{
    /// <summary>Recognises the templates.</summary>
    public static OutputPurpose Of(Script script)
    {
        if (P2pkhScript.TryParse(script, out P2pkhScript address))
        {
            return new OutputPurpose(OutputKind.Address, address.KeyHash, default);
        }

        if (DepositScript.TryParse(script, out DepositScript deposit))
        {
            return new OutputPurpose(OutputKind.Deposit, default, deposit.Client);
        }

        if (PaymentScript.TryParse(script, out PaymentScript payment))
        {
            return new OutputPurpose(OutputKind.Payment, default, payment.Worker);
        }

        return StakeScript.TryParse(script, out StakeScript stake)
            ? new OutputPurpose(OutputKind.Stake, default, stake.Worker)
            : new OutputPurpose(OutputKind.Other, default, default);
    }
}
