namespace Camelid.Protocol.Scripts;

/// <summary>The open IFs of a script: how many, and which is the first whose branch does not run.</summary>
/// <remarks>That is all that is ever asked, so that deep nesting costs nothing.</remarks>
internal struct ConditionStack
{
    private int count;
    private int firstFalse;

    /// <summary>True where no IF is open.</summary>
    public readonly bool IsEmpty => count == 0;

    /// <summary>True where every open branch runs.</summary>
    public readonly bool Runs => firstFalse == 0;

    /// <summary>Opens an IF.</summary>
    public void Push(bool runs)
    {
        count++;
        if (firstFalse == 0 && !runs)
        {
            firstFalse = count;
        }
    }

    /// <summary>Closes the last IF.</summary>
    public void Pop()
    {
        firstFalse = firstFalse == count ? 0 : firstFalse;
        count--;
    }

    /// <summary>The other branch of the last IF. Inside a branch that does not run, neither does that.</summary>
    public void Toggle()
    {
        if (firstFalse == 0)
        {
            firstFalse = count;
        }
        else if (firstFalse == count)
        {
            firstFalse = 0;
        }
    }
}
