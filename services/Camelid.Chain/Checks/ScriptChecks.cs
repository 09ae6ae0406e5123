using System.Security.Cryptography;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;

namespace Camelid.Chain.Checks;

/// <summary>What runs scripts, and the curves that it asks.</summary>
/// <param name="Runner">Runs the scripts of a block.</param>
/// <param name="BlockCurve">Checks the signatures of blocks.</param>
/// <param name="PoolCurve">Checks those of the mempool, and may remember them for blocks.</param>
internal sealed record ScriptChecks(IScriptRunner Runner, ISecp256k1 BlockCurve, ISecp256k1 PoolCurve)
{
    /// <summary>One thread and nothing remembered: what tests and simulations run.</summary>
    public static ScriptChecks Plain(ISecp256k1 curve) => new(SequentialScripts.Instance, curve, curve);

    /// <summary>All cores, and signatures of the mempool remembered for blocks.</summary>
    public static ScriptChecks Fast(ISecp256k1 curve)
    {
        SignatureCache cache = new(RandomNumberGenerator.GetBytes(SignatureCache.SaltBytes));
        return new ScriptChecks(
            ParallelScripts.OverAllCores(), new CachedCurve(curve, cache, false), new CachedCurve(curve, cache, true));
    }
}
