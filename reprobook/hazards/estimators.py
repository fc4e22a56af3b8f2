"""Table: what of scikit-learn and its kin takes ``random_state``, and when it draws."""

from __future__ import annotations

import ast

from reprobook.hazards.generators import is_given, keyword

# Random whenever they run without a random_state.
_ALWAYS = frozenset(
    """train_test_split shuffle resample make_blobs make_classification make_regression make_moons make_circles
    make_multilabel_classification make_friedman1 make_friedman2 make_friedman3 make_low_rank_matrix
    make_sparse_uncorrelated make_spd_matrix make_swiss_roll make_s_curve make_gaussian_quantiles make_hastie_10_2
    make_biclusters make_checkerboard
    ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit RepeatedKFold RepeatedStratifiedKFold permutation_importance
    RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor ExtraTreeClassifier
    ExtraTreeRegressor RandomTreesEmbedding IsolationForest BaggingClassifier BaggingRegressor AdaBoostClassifier
    AdaBoostRegressor GradientBoostingClassifier GradientBoostingRegressor DecisionTreeClassifier DecisionTreeRegressor
    MLPClassifier MLPRegressor BernoulliRBM SGDClassifier SGDRegressor SGDOneClassSVM Perceptron
    PassiveAggressiveClassifier PassiveAggressiveRegressor KMeans MiniBatchKMeans BisectingKMeans SpectralClustering
    SpectralBiclustering SpectralCoclustering GaussianMixture BayesianGaussianMixture TSNE MDS SpectralEmbedding
    NMF MiniBatchNMF FastICA DictionaryLearning MiniBatchDictionaryLearning SparsePCA MiniBatchSparsePCA
    LatentDirichletAllocation TruncatedSVD FactorAnalysis RANSACRegressor TheilSenRegressor RandomizedSearchCV
    HalvingRandomSearchCV HalvingGridSearchCV ParameterSampler GaussianRandomProjection SparseRandomProjection
    RBFSampler Nystroem SkewedChi2Sampler AdditiveChi2Sampler PolynomialCountSketch DummyClassifier
    EllipticEnvelope MinCovDet k_means kmeans_plusplus randomized_svd fast_ica non_negative_factorization
    mutual_info_classif mutual_info_regression IterativeImputer KBinsDiscretizer QuantileTransformer TargetEncoder
    estimate_bandwidth RandomOverSampler RandomUnderSampler SMOTE BorderlineSMOTE SVMSMOTE ADASYN SMOTENC SMOTEN
    KMeansSMOTE SMOTETomek SMOTEENN BalancedRandomForestClassifier BalancedBaggingClassifier EasyEnsembleClassifier
    RUSBoostClassifier UMAP spectral_clustering spectral_embedding""".split()  # noqa: SIM905 - so many words read best as a text
)
_NOT_RANDOM = frozenset({"AdditiveChi2Sampler"})
# Random only with this option set so; the default leaves them deterministic.
_WHEN: dict[str, tuple[str, tuple[object, ...]]] = {
    "KFold": ("shuffle", (True,)),
    "StratifiedKFold": ("shuffle", (True,)),
    "StratifiedGroupKFold": ("shuffle", (True,)),
    "GroupKFold": ("shuffle", (True,)),
    "fetch_20newsgroups": ("shuffle", ()),
    "LogisticRegression": ("solver", ("sag", "saga", "liblinear")),
    "LogisticRegressionCV": ("solver", ("sag", "saga", "liblinear")),
    "Ridge": ("solver", ("sag", "saga")),
    "RidgeClassifier": ("solver", ("sag", "saga")),
    "Lasso": ("selection", ("random",)),
    "ElasticNet": ("selection", ("random",)),
    "LassoCV": ("selection", ("random",)),
    "ElasticNetCV": ("selection", ("random",)),
    "SVC": ("probability", (True,)),
    "NuSVC": ("probability", (True,)),
    "PCA": ("svd_solver", ("randomized", "arpack")),
    "LinearSVC": ("dual", (True,)),
    "HistGradientBoostingClassifier": ("early_stopping", (True,)),
    "HistGradientBoostingRegressor": ("early_stopping", (True,)),
    "DummyClassifier": ("strategy", ("stratified", "uniform")),
    "KBinsDiscretizer": ("subsample", ()),
    "IterativeImputer": ("sample_posterior", (True,)),
    "HalvingGridSearchCV": ("resource", ()),
}
# Unsure on the data at hand: a split without ties, few rows or a full batch gives one result for every seed.
_PERHAPS = frozenset(
    """QuantileTransformer TargetEncoder KBinsDiscretizer DecisionTreeClassifier DecisionTreeRegressor
    GradientBoostingClassifier GradientBoostingRegressor AdaBoostClassifier AdaBoostRegressor NMF FactorAnalysis
    TruncatedSVD MinCovDet EllipticEnvelope mutual_info_classif mutual_info_regression fetch_20newsgroups SVC NuSVC
    LinearSVC GaussianMixture estimate_bandwidth PCA spectral_embedding SpectralEmbedding FastICA""".split()  # noqa: SIM905 - so many words read best as a text
)
# Their only draw is the order of the rows.
_ORDER_ONLY = frozenset(
    {"train_test_split", "SGDClassifier", "SGDRegressor", "Perceptron", "PassiveAggressiveClassifier"}
)
_PACKAGES = ("sklearn.", "imblearn.", "umap.", "cuml.")


def takes_random_state(dotted: str, call: ast.Call) -> bool | None:
    """Tell whether a call draws for want of ``random_state``: True, False, or None if that depends on the data."""
    name = dotted.rpartition(".")[2]
    if not dotted.startswith(_PACKAGES) or "()" in dotted or is_given(call, "random_state"):
        return False
    if name in _WHEN:
        option, values = _WHEN[name]
        found = keyword(call, option)
        if not (isinstance(found, ast.Constant) and found.value in values):
            return False
    elif name not in _ALWAYS or name in _NOT_RANDOM or _is_off(call, name):
        return False
    return None if name in _PERHAPS else True


def _is_off(call: ast.Call, name: str) -> bool:
    """Tell whether randomness is switched off: ``train_test_split(..., shuffle=False)``."""
    option = keyword(call, "shuffle")
    return name in _ORDER_ONLY and isinstance(option, ast.Constant) and option.value is False
