import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['src/generated/**'] },
  ...tseslint.configs.strict,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-namespace': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'Text of a notebook is text: React escapes it.'
        },
        {
          selector: "MemberExpression[property.name='innerHTML']",
          message: 'Text of a notebook is text: set textContent.'
        }
      ],
      eqeqeq: 'error',
      'max-lines': ['error', 250]
    }
  }
);
