namespace ImplicitNet.Solvers;

/// <summary>How the solve ended for one sample.</summary>
public enum SolveStatus
{
    /// <summary>
    /// The residual met the tolerance, and it is at most half of the residual at the start, or the start met the tolerance itself.
    /// </summary>
    Converged,

    /// <summary>The step limit came first; the residual may still have been falling.</summary>
    MaxStepsReached,

    /// <summary>
    /// The residual stopped falling, and u stopped moving where that counts (<see cref="StoppingRule.Stall"/>): the tolerance is below what
    /// the dtype resolves, or the method cannot solve this map.
    /// </summary>
    Stalled,

    /// <summary>The residual grew far beyond the best one and went on growing; a transient rise does not count.</summary>
    Diverged,

    /// <summary>The map returned NaN or infinity.</summary>
    NonFinite,
}
