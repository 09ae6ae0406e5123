namespace Camelid.Cli;

/// <summary>What a finished command says to the shell.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>It failed, and none of the others says why.</summary>
    Failure = 1,

    /// <summary>The command line, a file or a value is not in form.</summary>
    Usage = 2,

    /// <summary>No such job, block, model or file.</summary>
    NotFound = 3,

    /// <summary>Locked, busy or not allowed.</summary>
    Refused = 4,

    /// <summary>Not enough money.</summary>
    NoMoney = 5,

    /// <summary>A receipt or an answer did not stand up to verification.</summary>
    VerificationFailed = 6,

    /// <summary>Nobody answers at the address.</summary>
    Unreachable = 7,
}

/// <summary>Ends a command with one line for people (what, where, what to do) and an exit code.</summary>
internal sealed class CommandFailure(ExitCode code, string message) : Exception(message)
{
    public ExitCode Code { get; } = code;
}
