namespace ImplicitNet.Flows;

/// <summary>A change of sign.</summary>
public enum Crossing
{
    /// <summary>From either side.</summary>
    Any,

    /// <summary>From below 0.</summary>
    Rising,

    /// <summary>From above 0.</summary>
    Falling,
}
