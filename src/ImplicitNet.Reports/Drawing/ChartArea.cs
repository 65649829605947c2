namespace ImplicitNet.Reports.Drawing;

/// <summary>Where the data of a panel are drawn, in CSS pixels, and what lies where.</summary>
internal readonly record struct ChartArea(double Left, double Top, double Right, double Bottom, ChartAxis X, ChartAxis Y)
{
    /// <summary>Where a point lies. A value beyond an axis is put on its end; one without a position gives NaN.</summary>
    public (double X, double Y) At((double X, double Y) point) => (Across(point.X), Up(point.Y));

    /// <summary>Where a value of the x axis lies.</summary>
    public double Across(double x) => Across(new AxisTick(X.Position(x), ""));

    /// <summary>Where a tick of the x axis lies.</summary>
    public double Across(AxisTick tick) => Left + (Share(X, tick) * (Right - Left));

    /// <summary>Where a value of the y axis lies.</summary>
    public double Up(double y) => Up(new AxisTick(Y.Position(y), ""));

    /// <summary>Where a tick of the y axis lies.</summary>
    public double Up(AxisTick tick) => Bottom - (Share(Y, tick) * (Bottom - Top));

    private static double Share(ChartAxis axis, AxisTick tick) =>
        Math.Clamp((tick.Position - axis.Minimum) / (axis.Maximum - axis.Minimum), 0, 1);
}
