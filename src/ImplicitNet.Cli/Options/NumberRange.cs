namespace ImplicitNet.Cli.Options;

/// <summary>A range of numbers, as a check and in words. What is not finite lies in none.</summary>
internal readonly record struct NumberRange()
{
    public double Least { get; init; } = double.NegativeInfinity;

    /// <summary>An end that does not belong to the range.</summary>
    public double Above { get; init; } = double.NegativeInfinity;

    public double Most { get; init; } = double.PositiveInfinity;

    /// <summary>An end that does not belong to the range.</summary>
    public double Below { get; init; } = double.PositiveInfinity;

    public bool IsWhole { get; init; }

    public bool Contains(double value) => double.IsFinite(value) && value >= Least && value > Above && value <= Most && value < Below;

    /// <summary>What a number must be: "a number above 0 and below 1".</summary>
    public override string ToString()
    {
        bool isFinite = double.IsFinite(Most) || double.IsFinite(Below);
        string kind = IsWhole ? "a whole number" : isFinite ? "a number" : "a finite number";
        string from = double.IsFinite(Above) ? $" above {Above}"
            : !double.IsFinite(Least) ? ""
            : IsWhole && isFinite ? $" from {Least}"
            : $" of at least {Least}";
        string to = double.IsFinite(Below) ? $" and below {Below}"
            : !double.IsFinite(Most) ? ""
            : IsWhole ? $" to {Most}"
            : $" and at most {Most}";
        return kind + from + to;
    }
}
