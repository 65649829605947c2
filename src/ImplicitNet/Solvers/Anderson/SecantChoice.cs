namespace ImplicitNet.Solvers.Anderson;

/// <summary>How one sample's history is combined, step by step: its small system, and its safeguard.</summary>
/// <param name="options">Of the solver.</param>
/// <param name="size">Numbers of the latent.</param>
/// <param name="dependence">As <see cref="SecantHistory.Dependence"/> says.</param>
internal sealed class SecantChoice(AndersonSolver options, long size, double dependence) : ISecantChoice
{
    private readonly SecantSystem _system = new(options.Memory, dependence, isSeparable: size > options.Memory);
    private readonly SecantSafeguard _safeguard = new(options.SafeguardFactor, options.Mixing, options.Retries, options.Variant);

    /// <inheritdoc/>
    public void Begin(double norm) => _safeguard.Begin(norm);

    /// <inheritdoc/>
    public SecantStep Choose(in SecantProducts products, Span<double> gamma, Span<double> overlaps)
    {
        if (_safeguard.TakesBack(products, out SecantStep step))
        {
            if (step.Share > 0)
            {
                _system.Forget(products.Newest);
            }
            else
            {
                _system.Clear();
            }

            return step;
        }

        _safeguard.Accept(products);
        if (_safeguard.IsHistorySpent)
        {
            _system.Clear();
        }

        _system.Store(products);
        if (_safeguard.HasFallen)
        {
            _system.Separate(products.Newest, overlaps);
        }

        _safeguard.IsAccelerated = _safeguard.MayAccelerate && _system.Solve(products.Newest, gamma);
        for (int slot = 0; slot < gamma.Length; slot++)
        {
            // The newest difference still has its parts along the others.
            gamma[slot] -= gamma[products.Newest] * overlaps[slot];
        }

        return new SecantStep { IsKept = true, Mixing = _safeguard.Mixing };
    }
}
