using System.Globalization;
using ImplicitNet.Gradients;
using ImplicitNet.Training.Checkpoints;

namespace ImplicitNet.Training;

/// <summary>
/// Trains with the cheapest gradient that its certificates allow: it moves up a list of gradients while they are bad, and down again once
/// the cheaper one is good. It is one policy for fixed points and for flows; of a model that has both, the worse certificate decides.
/// </summary>
/// <remarks>
/// Moving up is decided by the certificate of the gradient in use, moving down by that of the one below it on the same batch. A certificate
/// whose reference is not exact enough is no evidence either way, and does not interrupt a sequence of others.
/// </remarks>
public sealed record EscalationPolicy
{
    private static readonly FlowGradient[] DefaultFlows = [new Backsolve(), new DiscreteAdjoint()];

    /// <summary>The gradients, from the cheapest on; at least 2; default: JFB, refined by 5 products, exact.</summary>
    public IReadOnlyList<FixedPointGradient> Gradients
    {
        get;
        init => field = value?.Count >= 2 && value.All(gradient => gradient is not null)
            ? [.. value]
            : throw new ArgumentException("An escalation needs at least 2 gradients.", nameof(Gradients));
    } = [new JacobianFreeGradient(), new RefinedGradient(), new ImplicitGradient()];

    /// <summary>
    /// The same for the flows of a model, which move up and down with its fixed points; at least 2; default: <see cref="Backsolve"/>,
    /// <see cref="DiscreteAdjoint"/>. Where the other list is longer, the last of this one stays.
    /// </summary>
    public IReadOnlyList<FlowGradient> FlowGradients
    {
        get;
        init => field = value?.Count >= 2 && value.All(gradient => gradient is not null)
            ? [.. value]
            : throw new ArgumentException("An escalation needs at least 2 gradients.", nameof(FlowGradients));
    } = DefaultFlows;

    /// <summary>The cosine of the parameter gradient below which a certificate speaks for moving up; in [-1, 1]; default 0.9.</summary>
    public double RaiseBelow
    {
        get;
        init => field = value is >= -1 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RaiseBelow), value, "A cosine is in [-1, 1].");
    } = 0.9;

    /// <summary>
    /// The least cosine of the next cheaper gradient at which a certificate speaks for moving down; in [-1, 1]; default 0.98.
    /// </summary>
    public double LowerFrom
    {
        get;
        init => field = value is >= -1 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(LowerFrom), value, "A cosine is in [-1, 1].");
    } = 0.98;

    /// <summary>The number of certificates in a row that must agree before a change; at least 1; default 2.</summary>
    public int Patience
    {
        get;
        init =>
            field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Patience), value, "The patience must be at least 1.");
    } = 2;

    /// <summary>The whole policy as text, the gradients one by one: a checkpoint recognises the policy by it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{nameof(EscalationPolicy)} {{ Gradients = [{string.Join(", ", Gradients)}], {Flows}RaiseBelow = {RaiseBelow}, "
            + $"LowerFrom = {LowerFrom}, Patience = {Patience} }}");

    /// <summary>Places that both lists have together.</summary>
    internal int Levels => Math.Max(Gradients.Count, FlowGradients.Count);

    // What is not said of a policy is the default.
    private string Flows =>
        FlowGradients.SequenceEqual(DefaultFlows) ? "" : $"{nameof(FlowGradients)} = [{string.Join(", ", FlowGradients)}], ";

    /// <summary>The gradient of fixed points at a level.</summary>
    internal FixedPointGradient At(int level) => Gradients[Math.Min(level, Gradients.Count - 1)];

    /// <summary>The gradient of flows at a level.</summary>
    internal FlowGradient FlowAt(int level) => FlowGradients[Math.Min(level, FlowGradients.Count - 1)];

    /// <exception cref="ArgumentException">There are no certificates to go by, or it would go up and down at once.</exception>
    internal void EnsureUsable(int? certificateSteps)
    {
        if (certificateSteps is null || RaiseBelow > LowerFrom)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"An escalation needs CertificateSteps, and RaiseBelow at most LowerFrom. Given: "
                    + $"{certificateSteps?.ToString(CultureInfo.InvariantCulture) ?? "none"}, {RaiseBelow} and {LowerFrom}."));
        }
    }

    /// <summary>Where two certificates lead.</summary>
    /// <param name="state">Where the policy stands.</param>
    /// <param name="cosine">Of the gradient in use; NaN where nothing is known.</param>
    /// <param name="lowerCosine">Of the one below; NaN where nothing is known or there is none.</param>
    internal EscalationState Next(EscalationState state, double cosine, double lowerCosine)
    {
        int raises = double.IsNaN(cosine) ? state.Raises : cosine < RaiseBelow ? state.Raises + 1 : 0;
        int lowers = double.IsNaN(lowerCosine) ? state.Lowers : lowerCosine >= LowerFrom ? state.Lowers + 1 : 0;
        return raises >= Patience && state.Level + 1 < Levels ? new EscalationState(state.Level + 1, 0, 0)
            : raises == 0 && lowers >= Patience && state.Level > 0 ? new EscalationState(state.Level - 1, 0, 0)
            : new EscalationState(state.Level, Math.Min(raises, Patience), Math.Min(lowers, Patience));
    }
}
